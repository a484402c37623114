"""The actor behind a request from a signed-in browser."""

from django.http import HttpRequest

from access.actor import Actor
from console.current_tenant import current_tenant
from foundation.errors import Denied, SecondFactorRequired
from identity.sign_in.actors import console_actor


def actor_for(request: HttpRequest) -> Actor:
    """The person in their current tenant; Denied when they belong to none, SecondFactorRequired
    while they lack one that the tenant asks for.
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
    return console_actor(request, request.user, tenant)
