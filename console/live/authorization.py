"""Who may receive which live updates: read from the database for all open pages at once."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import close_old_connections
from django.http import HttpRequest

from access.levels import Role
from console.current_tenant import current_tenant
from identity.sign_in.live_sessions import live_sessions


@dataclass(frozen=True, slots=True)
class LiveAuthorization:
    """A signed-in person in their current tenant; None when no tenant is open to them."""

    person_id: UUID
    tenant_id: UUID | None
    is_admin: bool
    is_auditor: bool = False


def live_authorizations(session_keys: Collection[str]) -> dict[str, LiveAuthorization]:
    """The authorization of each live session, decided as for a request."""
    try:
        return {
            key: _authorization(request) for key, request in live_sessions(session_keys).items()
        }
    finally:
        close_old_connections()


def _authorization(request: HttpRequest) -> LiveAuthorization:
    assert request.user.is_authenticated
    tenant = current_tenant(request)
    if tenant is None or tenant.locked:
        return LiveAuthorization(request.user.pk, None, is_admin=False)
    is_auditor = tenant.role is Role.AUDITOR
    return LiveAuthorization(request.user.pk, tenant.tenant_id, tenant.is_admin, is_auditor)
