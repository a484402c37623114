"""The tenant that a signed-in person works in: the one they picked, or the one they administer."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.http import HttpRequest

from access.levels import Role
from identity.sign_in.tenant_access import lacks_second_factor, memberships

PICKED = "console.tenant"
CACHE = "console_tenants"


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """A tenant as its member sees it before an operation runs: enough to choose by."""

    tenant_id: UUID
    slug: str
    name: str
    role: Role
    locked: bool = False  # until the person sets up the second factor that the tenant requires

    @property
    def is_admin(self) -> bool:
        """Whether the person owns or administers it."""
        return self.role.is_admin


def tenant_choices(request: HttpRequest) -> list[TenantChoice]:
    """The person's tenants, those that they administer first; read once per request.

    Operations check the membership again in their own transaction.
    """
    kept: _Kept | None = vars(request).get(CACHE)
    if kept is None or kept.person_id != request.user.pk:
        kept = _Kept(request.user.pk, _read(request))
        vars(request)[CACHE] = kept
    return kept.choices


class _Kept(NamedTuple):
    """What was read for a request, and for whom: signing in changes the person."""

    person_id: UUID | None
    choices: list[TenantChoice]


def _read(request: HttpRequest) -> list[TenantChoice]:
    found = [
        TenantChoice(
            membership.tenant_id,
            membership.tenant.slug,
            membership.tenant.name,
            Role(membership.role),
            lacks_second_factor(request, membership.tenant),
        )
        for membership in memberships(request)
    ]
    return sorted(found, key=lambda tenant: (not tenant.is_admin, tenant.name, tenant.slug))


def current_tenant(request: HttpRequest) -> TenantChoice | None:
    """The picked tenant while the person is in it, else the first; None for people without one."""
    found = tenant_choices(request)
    picked = request.session.get(PICKED)
    return next((tenant for tenant in found if tenant.slug == picked), next(iter(found), None))


def remember_tenant(request: HttpRequest, slug: str) -> bool:
    """Pick the tenant for this session; False when the person is not in it."""
    if slug not in {tenant.slug for tenant in tenant_choices(request)}:
        return False
    request.session[PICKED] = slug
    return True
