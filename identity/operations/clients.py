"""OAuth clients in one tenant: which ones its people connected, and suspending them here.

A client registers with the whole installation. Suspending or removing it here affects this tenant
only.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import NotFound
from identity.models import Client, ClientState
from identity.shapes import ChangeClient, ClientOut, ClientPageOut, ListClients
from tenants.clients import connected_agents, remove_agents, resume_client, suspend_client
from tenants.context import TenantContext, operation
from tenants.models import SuspendedClient

UNUSED: Mapping[str, object] = {"agents": 0, "people": 0, "last_call_at": None}


@operation(Action.LIST_CLIENTS)
def list_clients(context: TenantContext, request: ListClients) -> ClientPageOut:
    """The clients that have agents here, those suspended here, and those that the operator
    registered for everybody; the newest first.
    """
    actor = context.actor
    clients, next_cursor = page(
        _known(actor),
        {"pk": UUID},
        limit=request.limit,
        cursor=request.cursor,
        newest_first=True,
    )
    return ClientPageOut(clients=_clients_out(actor, clients), next_cursor=next_cursor)


@operation(Action.SHOW_CLIENT)
def show_client(context: TenantContext, client_id: str) -> ClientOut:
    """One of these clients."""
    actor = context.actor
    (shown,) = _clients_out(actor, [_find_client(actor, client_id)])
    return shown


def _event_of_state(request: ChangeClient) -> Event:
    return Event.CLIENT_SUSPENDED if request.state == "suspended" else Event.CLIENT_RESUMED


@operation(Action.CHANGE_CLIENT, _event_of_state)
def change_client_state(context: TenantContext, request: ChangeClient) -> ClientOut:
    """Suspend a client in this tenant, which ends its agents' leases and blocks new connections,
    or resume it, with each agent in the state it had.
    """
    actor, entry = context.actor, context.entry
    client = _find_client(actor, request.client_id)
    entry.add_details(client=str(client.pk), name=client.name)
    change = suspend_client if request.state == "suspended" else resume_client
    if not change(actor, client.pk):
        entry.discard()
    (changed,) = _clients_out(actor, [client])
    return changed


@operation(Action.REMOVE_CLIENT, Event.CLIENT_REMOVED)
def remove_client(context: TenantContext, client_id: str) -> None:
    """Remove every agent of a client from this tenant for good; their leases end at once.

    A suspended client stays suspended and cannot be connected again. Idempotent.
    """
    actor, entry = context.actor, context.entry
    client = _find_client(actor, client_id)
    removed = remove_agents(actor, client.pk)
    entry.add_details(
        client=str(client.pk), name=client.name, agents=[str(agent_id) for agent_id in removed]
    )
    if not removed:
        entry.discard()


def _known(actor: Actor) -> QuerySet[Client]:
    """The clients that this tenant may know of: an id must not reveal use elsewhere."""
    here = Q(pk__in=connected_agents(actor).values("client_id"))
    suspended = Q(pk__in=SuspendedClient.objects.of(actor).values("client_id"))
    by_operator = Q(registration_source=Client.RegistrationSource.MANUAL)
    rows: QuerySet[Client] = Client.objects.filter(service_account=None)
    offered = by_operator & ~Q(state=ClientState.REMOVED)
    return rows.filter(here | suspended | offered)


def _find_client(actor: Actor, client_id: str) -> Client:
    client = _known(actor).filter(pk=parse_public_id("client", client_id)).first()
    if client is None:
        raise NotFound("There is no such client.")
    return client


def _clients_out(actor: Actor, clients: list[Client]) -> list[ClientOut]:
    ids = [client.pk for client in clients]
    rows = connected_agents(actor).filter(client_id__in=ids).values("client_id")
    counted = rows.annotate(
        agents=Count("pk"),
        people=Count("person_id", distinct=True),
        last_call_at=Max("last_call_at"),
    )
    used: dict[UUID, Mapping[str, object]] = {row["client_id"]: row for row in counted.order_by()}
    here = SuspendedClient.objects.of(actor).filter(client_id__in=ids)
    suspended = set(here.values_list("client_id", flat=True))
    return [
        _client_out(client, suspended=client.pk in suspended, used=used.get(client.pk, UNUSED))
        for client in clients
    ]


def _client_out(client: Client, *, suspended: bool, used: Mapping[str, object]) -> ClientOut:
    by_itself = client.registration_source == Client.RegistrationSource.DCR
    stopped = client.state != ClientState.ACTIVE
    return ClientOut.model_validate(
        {
            **used,
            "client_id": public_id("client", client.pk),
            "name": client.name,
            "registered_by": "itself" if by_itself else "operator",
            "registered_at": client.created,
            "state": "stopped" if stopped else "suspended" if suspended else "active",
        }
    )
