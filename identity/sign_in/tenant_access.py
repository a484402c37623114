"""The tenants in which a browser session may act, and what the person has to do first.

The only place that decides it: for the console, the consent page and live updates.
"""

from uuid import UUID

from django.http import HttpRequest

from access.authentication import Authentication
from access.tenancy import tenant_transaction
from foundation.errors import SecondFactorRequired
from identity.models import SingleSignOn
from identity.sign_in.factors import has_second_factor
from identity.sign_in.session_store import digest
from tenants.models import Membership, Person, Tenant

# In a session that a tenant's provider opened: the tenant, and the issuer.
CONFINED_TO = "confined_to"
CONFINED_THROUGH = "confined_through"

SESSION = """EXISTS (
    SELECT FROM identity_browsersession JOIN person ON person.id = person_id
    WHERE session_key = %s AND person_id = %s
        AND expire_date > clock_timestamp() AND person.is_active)"""
PROVIDER = "EXISTS (SELECT FROM single_sign_on WHERE tenant_id = %s AND issuer = %s AND enabled)"


def confined_to(request: HttpRequest) -> UUID | None:
    """The only tenant in which this session acts, when a tenant's provider opened it.

    A tenant's owners control their provider, so it must give access to no other tenant.
    """
    tenant_id = request.session.get(CONFINED_TO)
    return UUID(tenant_id) if tenant_id else None


def session_authentication(request: HttpRequest, person: Person) -> Authentication:
    """True while the person is signed in in this browser session.

    A session that was opened by a tenant's provider also needs that provider: with the same issuer
    and switched on.
    """
    session = (digest(request.session.session_key or ""), person.pk)
    tenant_id = confined_to(request)
    if tenant_id is None:
        return Authentication(SESSION, session)
    provider = (tenant_id, request.session.get(CONFINED_THROUGH, ""))
    return Authentication(f"{SESSION} AND {PROVIDER}", (*session, *provider))


def provider_of(tenant: Tenant) -> SingleSignOn | None:
    """The tenant's provider while it is switched on."""
    if tenant.suspended_at:
        return None
    with tenant_transaction(tenant.pk, durable=False):
        return SingleSignOn.objects.filter(tenant_id=tenant.pk, enabled=True).first()


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
    if only is None:
        return found
    return [row for row in found if _provider_still_set(request, row.tenant)]


def _provider_still_set(request: HttpRequest, tenant: Tenant) -> bool:
    """Whether the provider that opened the session is still the tenant's."""
    provider = provider_of(tenant)
    return provider is not None and provider.issuer == request.session.get(CONFINED_THROUGH)


def lacks_second_factor(request: HttpRequest, tenant: Tenant) -> bool:
    """Whether the tenant requires a second factor that the person has not set up.

    A session from the tenant's own provider meets that provider's requirements instead.
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
