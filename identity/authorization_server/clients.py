"""Clients of the whole installation: their names, and an operator's decision to suspend or remove
one, which ends everything that depends on it.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from access.actions import Channel
from access.actor import Actor, system_actor
from access.revocation import AccessRevoked, announce_revoked
from access.tenancy import use_tenant
from audit.events import Event
from audit.recording import INSTALLATION, record_in_transaction
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import NotFound
from identity.models import Client, ClientState
from identity.tokens.grant_family import lock_family

EVENTS = {
    ClientState.ACTIVE: Event.CLIENT_RESUMED,
    ClientState.SUSPENDED: Event.CLIENT_SUSPENDED,
    ClientState.REMOVED: Event.CLIENT_REMOVED,
}


def change_client(client_id: str, state: ClientState) -> None:
    """Suspend, resume or remove a client of the whole installation. NotFound when there is none.

    What agents leased through it ends in every tenant, in the same transaction (L6). Its tokens are
    refused while it is suspended; once it is removed, they stay so.
    """
    with transaction.atomic():
        client = Client.objects.select_for_update().filter(client_id=client_id).first()
        if client is None or client.state == ClientState.REMOVED:
            raise NotFound("There is no such client.")
        client.state = state
        client.save(update_fields=["state"])
        if state != ClientState.ACTIVE:
            _revoke_everywhere(client, f"client {state}")
        record_in_transaction(_operator(INSTALLATION), EVENTS[state], client=str(client.pk))


def _operator(tenant_id: UUID) -> Actor:
    return system_actor("change-client", tenant_id, Channel.COMMAND)


def _revoke_everywhere(client: Client, reason: str) -> None:
    for consent in client.consents.order_by("pk"):
        family = lock_family(consent)
        if client.state == ClientState.REMOVED:
            family.end(Event.TOKEN_REVOKED, reason)
        use_tenant(consent.tenant_id)
        revoked = AccessRevoked(reason=reason, person_id=consent.person_id, client_id=client.pk)
        announce_revoked(_operator(consent.tenant_id), revoked)


def software_names(client_ids: Iterable[str]) -> dict[str, str]:
    """The names that the clients behind these public ids give themselves, unchecked."""
    wanted = [parse_public_id("client", client_id) for client_id in client_ids]
    rows = Client.objects.filter(pk__in=wanted, service_account=None)
    return {public_id("client", pk): name for pk, name in rows.values_list("pk", "name")}
