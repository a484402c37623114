"""Who may watch what: read anew from the database, for all open pages at once."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import close_old_connections
from django.http import HttpRequest

from console.places import current_place
from identity.presence import present
from tenants.models import Person


@dataclass(frozen=True, slots=True)
class Seat:
    """A signed-in person looking at one tenant; None when no tenant is open to them."""

    person_id: UUID
    tenant_id: UUID | None
    governs: bool


def seats(session_keys: Collection[str]) -> dict[str, Seat]:
    """The seat of each session that lives: decided by what decides it for a request."""
    try:
        return {key: _seat(request) for key, request in present(session_keys).items()}
    finally:
        close_old_connections()


def _seat(request: HttpRequest) -> Seat:
    assert isinstance(request.user, Person)
    place = current_place(request)
    if place is None or place.locked:
        return Seat(request.user.pk, None, governs=False)
    return Seat(request.user.pk, place.tenant_id, place.governs)
