"""In which of a person's tenants a browser session may act, and what is asked of the person first.

The one place that decides it, for the console, the consent page and live updates alike.
"""

from uuid import UUID

from django.http import HttpRequest

from access.authentication import Authentication
from foundation.errors import SecondFactorRequired
from identity.authentication_state import by_session
from identity.oidc_client.account_linking import provider_of
from identity.sign_in.factors import has_second_factor
from identity.sign_in.session_store import digest
from tenants.models import Membership, Person, Tenant

# In the session of somebody who came in through a tenant's provider: the tenant, and the issuer.
CONFINED_TO = "confined_to"
CONFINED_THROUGH = "confined_through"


def confined_to(request: HttpRequest) -> UUID | None:
    """The only tenant in which this session acts, when its person came in through a provider.

    A tenant's owners decide what their provider says, so it must open nothing of anybody else's.
    """
    tenant_id = request.session.get(CONFINED_TO)
    return UUID(tenant_id) if tenant_id else None


def session_authentication(request: HttpRequest, person: Person) -> Authentication:
    """Holds while the person is signed in in this browser session."""
    return by_session(
        digest(request.session.session_key or ""),
        person.pk,
        confined_to=confined_to(request),
        through=request.session.get(CONFINED_THROUGH, ""),
    )


def memberships(request: HttpRequest) -> list[Membership]:
    """The memberships with which the person may act in this session, by the tenant's name."""
    person = request.user
    if not isinstance(person, Person) or not person.is_active:
        return []
    rows = Membership.objects.select_related("tenant").filter(
        person=person, suspended_at=None, tenant__suspended_at=None
    )
    if only := confined_to(request):
        rows = rows.filter(tenant_id=only)
    found = list(rows.order_by("tenant__name", "tenant__slug"))
    return found if only is None else [one for one in found if _still_stands(request, one.tenant)]


def _still_stands(request: HttpRequest, tenant: Tenant) -> bool:
    """A session lives no longer than the provider that it came through."""
    provider = provider_of(tenant)
    return provider is not None and provider.issuer == request.session.get(CONFINED_THROUGH)


def lacks_second_factor(request: HttpRequest, tenant: Tenant) -> bool:
    """Whether the tenant asks for a second factor that the person has not set up.

    Whoever came in through the tenant's own provider gave what that provider asks for.
    """
    if not tenant.mfa_required or confined_to(request) == tenant.pk:
        return False
    return not (isinstance(request.user, Person) and has_second_factor(request.user))


def require_second_factor(request: HttpRequest, tenant: Tenant) -> None:
    """Raise SecondFactorRequired where one is missing."""
    if lacks_second_factor(request, tenant):
        raise SecondFactorRequired(
            f"{tenant.name} asks its members for a second factor.",
            hint="Set one up on your account page; it takes a minute.",
        )
