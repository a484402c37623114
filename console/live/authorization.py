"""Who may watch what: read anew from the database, for all open pages at once."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import close_old_connections
from django.http import HttpRequest

from console.current_tenant import current_tenant
from identity.sign_in.live_sessions import live_sessions
from tenants.models import Person


@dataclass(frozen=True, slots=True)
class LiveAuthorization:
    """A signed-in person looking at one tenant; None when no tenant is open to them."""

    person_id: UUID
    tenant_id: UUID | None
    is_admin: bool


def live_authorizations(session_keys: Collection[str]) -> dict[str, LiveAuthorization]:
    """The seat of each session that lives: decided by what decides it for a request."""
    try:
        return {key: _seat(request) for key, request in live_sessions(session_keys).items()}
    finally:
        close_old_connections()


def _seat(request: HttpRequest) -> LiveAuthorization:
    assert isinstance(request.user, Person)
    place = current_tenant(request)
    if place is None or place.locked:
        return LiveAuthorization(request.user.pk, None, is_admin=False)
    return LiveAuthorization(request.user.pk, place.tenant_id, place.is_admin)
