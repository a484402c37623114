"""Which tenant a signed-in person looks at: the one they picked, or the one they govern."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from access.levels import Role
from tenants.models import Membership

PICKED = "console.tenant"


@dataclass(frozen=True, slots=True)
class Place:
    """A tenant as one of its members sees it from outside: enough to choose by."""

    tenant_id: UUID
    slug: str
    name: str
    role: Role

    @property
    def governs(self) -> bool:
        """Whether the console's admin pages are open to the person there."""
        return self.role.governs


def places(request: HttpRequest) -> list[Place]:
    """The tenants that the person belongs to at this moment, those they govern first."""
    if not request.user.is_authenticated:
        return []
    memberships = Membership.objects.select_related("tenant").filter(
        person_id=request.user.pk,
        person__is_active=True,
        suspended_at=None,
        tenant__suspended_at=None,
    )
    found = [
        Place(one.tenant_id, one.tenant.slug, one.tenant.name, Role(one.role))
        for one in memberships
    ]
    return sorted(found, key=lambda place: (not place.governs, place.name, place.slug))


def current_place(request: HttpRequest) -> Place | None:
    """The picked tenant while the person is in it, else the first; None for people without one."""
    found = places(request)
    picked = request.session.get(PICKED)
    return next((place for place in found if place.slug == picked), next(iter(found), None))


def pick(request: HttpRequest, slug: str) -> bool:
    """Remember the tenant for this session; False when the person is not in it."""
    if slug not in {place.slug for place in places(request)}:
        return False
    request.session[PICKED] = slug
    return True
