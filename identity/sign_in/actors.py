"""The actors behind a browser: a person in a tenant, or before a tenant is chosen."""

from typing import Protocol
from uuid import UUID

from django.http import HttpRequest

from access.actions import Channel
from access.actor import ALL_SCOPES, Actor
from access.levels import Role
from audit.recording import INSTALLATION
from identity.sign_in.step_up import recently_authenticated
from identity.sign_in.tenant_access import session_authentication
from identity.web.request_context import address_of, request_id_of
from tenants.models import Person


class RoleInTenant(Protocol):
    """A membership, or what a channel keeps of one."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def role(self) -> str: ...


def console_actor(request: HttpRequest, person: Person, membership: RoleInTenant) -> Actor:
    """The signed-in person in one of their tenants. The caller has checked the second factor.

    A browser session has no scopes of its own, so permissions alone decide.
    """
    return Actor(
        tenant_id=membership.tenant_id,
        channel=Channel.CONSOLE,
        person_id=person.pk,
        role=Role(membership.role),
        scopes=ALL_SCOPES,
        recently_authenticated=recently_authenticated(request),
        authentication=session_authentication(request, person),
        request_id=request_id_of(request),
        address=address_of(request),
    )


def sign_in_actor(
    request: HttpRequest,
    person_id: UUID | None,
    *,
    tenant_id: UUID = INSTALLATION,
    client_id: UUID | None = None,
) -> Actor:
    """Somebody at a browser outside a tenant's session, for the log; without any permission."""
    return Actor(
        tenant_id=tenant_id,
        channel=Channel.CONSOLE,
        person_id=person_id,
        client_id=client_id,
        request_id=request_id_of(request),
        address=address_of(request),
    )
