"""Which tenant a signed-in person looks at: the one they picked, or the one they govern."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from access.levels import Role
from identity.sign_in.tenant_access import lacks_second_factor, memberships

PICKED = "console.tenant"


@dataclass(frozen=True, slots=True)
class TenantChoice:
    """A tenant as one of its members sees it from outside: enough to choose by."""

    tenant_id: UUID
    slug: str
    name: str
    role: Role
    locked: bool = False  # until the person sets up the second factor that the tenant asks for

    @property
    def is_admin(self) -> bool:
        """Whether the console's admin pages are open to the person there."""
        return self.role.is_admin


def tenant_choices(request: HttpRequest) -> list[TenantChoice]:
    """The tenants that the person belongs to at this moment, those they govern first."""
    found = [
        TenantChoice(
            one.tenant_id,
            one.tenant.slug,
            one.tenant.name,
            Role(one.role),
            lacks_second_factor(request, one.tenant),
        )
        for one in memberships(request)
    ]
    return sorted(found, key=lambda place: (not place.is_admin, place.name, place.slug))


def current_tenant(request: HttpRequest) -> TenantChoice | None:
    """The picked tenant while the person is in it, else the first; None for people without one."""
    found = tenant_choices(request)
    picked = request.session.get(PICKED)
    return next((place for place in found if place.slug == picked), next(iter(found), None))


def remember_tenant(request: HttpRequest, slug: str) -> bool:
    """Remember the tenant for this session; False when the person is not in it."""
    if slug not in {place.slug for place in tenant_choices(request)}:
        return False
    request.session[PICKED] = slug
    return True
