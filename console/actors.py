"""The actor behind a request from a signed-in browser."""

from django.http import HttpRequest

from access.actor import Actor
from console.current_tenant import current_tenant
from foundation.errors import Denied, SecondFactorRequired
from identity.sign_in.actors import console_actor
from tenants.models import Person


def actor_for(request: HttpRequest) -> Actor:
    """The person in their current tenant; Denied when they belong to none, SecondFactorRequired
    while they lack one that the tenant asks for.

    A browser session carries no scopes, so rights alone decide.
    """
    place = current_tenant(request)
    if place is None:
        raise Denied(
            "Your account belongs to no tenant.",
            hint="Ask an owner of the tenant that you want to join to add you.",
        )
    if place.locked:
        raise SecondFactorRequired(f"{place.name} asks its members for a second factor.")
    assert isinstance(request.user, Person)
    return console_actor(request, request.user, place)
