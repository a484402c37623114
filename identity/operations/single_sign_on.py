"""Showing and changing the tenant's own sign-in provider."""

from django.conf import settings
from django.urls import reverse

from access.actions import Action
from audit.events import Event
from foundation.errors import Invalid
from identity.models import SingleSignOn
from identity.oidc_client.sealed_secret import seal_secret
from identity.oidc_client.shapes import ChangeSingleSignOn, SingleSignOnOut
from tenants.context import TenantContext, operation
from tenants.models import Tenant


@operation(Action.SHOW_SINGLE_SIGN_ON)
def show_single_sign_on(context: TenantContext) -> SingleSignOnOut:
    """The tenant's provider, for owners and admins; the secret is never shown."""
    return _out(SingleSignOn.objects.of(context.actor).first(), context.membership.tenant)


@operation(Action.CHANGE_SINGLE_SIGN_ON, Event.TENANT_SSO_CHANGED)
def change_single_sign_on(context: TenantContext, request: ChangeSingleSignOn) -> SingleSignOnOut:
    """Set up, change or switch off the provider. Sessions from another issuer, or from one that is
    off, end at once.

    Only for owners: an admin could set up a provider that signs them in as an owner.
    """
    actor = context.actor
    row = SingleSignOn.objects.of(actor).locked().first()
    row = row or SingleSignOn(tenant_id=actor.tenant_id)
    _take_secret(row, request)
    row.issuer, row.oauth_client_id = request.issuer, request.client_id
    row.domains, row.creates_members = request.domains, request.creates_members
    row.enabled = request.enabled
    row.save()
    context.entry.add_details(
        issuer=row.issuer,
        domains=row.domains,
        creates_members=row.creates_members,
        enabled=row.enabled,
        new_secret=request.client_secret is not None,
    )
    return _out(row, context.membership.tenant)


def _take_secret(row: SingleSignOn, request: ChangeSingleSignOn) -> None:
    same = (row.issuer, row.oauth_client_id) == (request.issuer, request.client_id)
    if request.client_secret is not None:
        secret = request.client_secret.get_secret_value()
        row.sealed_secret = seal_secret(row.tenant_id, request.issuer, request.client_id, secret)
    elif not same:
        raise Invalid("clientSecret: needed for a new issuer or client.", "clientSecret")


def _out(row: SingleSignOn | None, tenant: Tenant) -> SingleSignOnOut:
    sign_in_url = settings.PUBLIC_URL + reverse("sso_start", args=[tenant.slug])
    callback_url = settings.PUBLIC_URL + reverse("sso_callback", args=[tenant.slug])
    if row is None:
        return SingleSignOnOut(configured=False, sign_in_url=sign_in_url, callback_url=callback_url)
    return SingleSignOnOut(
        configured=True,
        issuer=row.issuer,
        client_id=row.oauth_client_id,
        domains=row.domains,
        creates_members=row.creates_members,
        enabled=row.enabled,
        sign_in_url=sign_in_url,
        callback_url=callback_url,
    )
