"""The actor behind a request from a signed-in browser."""

from django.http import HttpRequest

from access.actions import Channel
from access.actor import ALL_SCOPES, Actor
from console.current_tenant import current_tenant
from foundation.errors import Denied, SecondFactorRequired
from identity.request_context import address_of, request_id_of
from identity.sign_in.step_up import recently_authenticated
from identity.sign_in.tenant_access import session_authentication


def actor_for(request: HttpRequest) -> Actor:
    """The person in their current tenant; Denied when they belong to none, SecondFactorRequired
    while they lack one that the tenant asks for.

    A browser session has no scopes of its own: the person's permissions alone decide.
    """
    tenant = current_tenant(request)
    if tenant is None:
        raise Denied(
            "Your account belongs to no tenant.",
            hint="Ask an owner of the tenant that you want to join to add you.",
        )
    if tenant.locked:
        raise SecondFactorRequired(f"{tenant.name} asks its members for a second factor.")
    assert request.user.is_authenticated  # only a signed-in person has a tenant
    return Actor(
        tenant_id=tenant.tenant_id,
        channel=Channel.CONSOLE,
        person_id=request.user.pk,
        role=tenant.role,
        scopes=ALL_SCOPES,
        recently_authenticated=recently_authenticated(request),
        authentication=session_authentication(request, request.user),
        request_id=request_id_of(request),
        address=address_of(request),
    )
