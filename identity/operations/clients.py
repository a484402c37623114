"""OAuth clients in one tenant: which its people connected, and this tenant's own word on them.

A client registers with the whole installation. Suspending or removing it here ends what it has in
this tenant and touches no other.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import audited, read_only
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import NotFound
from identity.models import Client, ClientState
from identity.shapes import ChangeClient, ClientOut, ClientPageOut, ListClients
from tenants.clients import living_agents, remove_agents, resume_client, suspend_client
from tenants.memberships import active_membership
from tenants.models import SuspendedClient

NOBODY: Mapping[str, object] = {"agents": 0, "people": 0, "last_call_at": None}


def list_clients(actor: Actor, request: ListClients) -> ClientPageOut:
    """Those through which agents are connected here, those suspended here, and those that the
    operator registered for everybody; the newest first.
    """
    with read_only(actor, Action.LIST_CLIENTS):
        active_membership(actor).require(Action.LIST_CLIENTS)
        found, more = page(
            _known(actor),
            {"pk": UUID},
            limit=request.limit,
            cursor=request.cursor,
            newest_first=True,
        )
        return ClientPageOut(clients=_out(actor, found), next_cursor=more)


def show_client(actor: Actor, client_id: str) -> ClientOut:
    """One of them."""
    with read_only(actor, Action.SHOW_CLIENT):
        active_membership(actor).require(Action.SHOW_CLIENT)
        (shown,) = _out(actor, [_found(actor, client_id)])
        return shown


def change_client_state(actor: Actor, request: ChangeClient) -> ClientOut:
    """Suspend a client in this tenant – what its agents leased ends, and nobody connects it – or
    let it go on, each agent as it stood.
    """
    suspends = request.state == "suspended"
    event = Event.CLIENT_SUSPENDED if suspends else Event.CLIENT_RESUMED
    with audited(actor, Action.CHANGE_CLIENT, event) as entry:
        active_membership(actor).require(Action.CHANGE_CLIENT)
        client = _found(actor, request.client_id)
        entry.add_details(client=str(client.pk), name=client.name)
        change = suspend_client if suspends else resume_client
        if not change(actor, client.pk):
            entry.discard()
        (changed,) = _out(actor, [client])
        return changed


def remove_client(actor: Actor, client_id: str) -> None:
    """Remove every agent of a client from this tenant, for good; what they leased ends at once.

    One that is suspended here stays so, and cannot be connected anew. Idempotent.
    """
    with audited(actor, Action.REMOVE_CLIENT, Event.CLIENT_REMOVED) as entry:
        active_membership(actor).require(Action.REMOVE_CLIENT)
        client = _found(actor, client_id)
        removed = remove_agents(actor, client.pk)
        entry.add_details(
            client=str(client.pk), name=client.name, agents=[str(one) for one in removed]
        )
        if not removed:
            entry.discard()


def _known(actor: Actor) -> QuerySet[Client]:
    """Others are as unknown as none: a client's id says nothing about who uses it elsewhere."""
    here = Q(pk__in=living_agents(actor).values("client_id"))
    suspended = Q(pk__in=SuspendedClient.objects.of(actor).values("client_id"))
    by_operator = Q(registration_source=Client.RegistrationSource.MANUAL)
    rows: QuerySet[Client] = Client.objects.filter(service_account=None)
    offered = by_operator & ~Q(state=ClientState.REMOVED)
    return rows.filter(here | suspended | offered)


def _found(actor: Actor, client_id: str) -> Client:
    client = _known(actor).filter(pk=parse_public_id("client", client_id)).first()
    if client is None:
        raise NotFound("There is no such client.")
    return client


def _out(actor: Actor, clients: list[Client]) -> list[ClientOut]:
    ids = [one.pk for one in clients]
    rows = living_agents(actor).filter(client_id__in=ids).values("client_id")
    counted = rows.annotate(
        agents=Count("pk"),
        people=Count("person_id", distinct=True),
        last_call_at=Max("last_call_at"),
    )
    used: dict[UUID, Mapping[str, object]] = {row["client_id"]: row for row in counted.order_by()}
    here = SuspendedClient.objects.of(actor).filter(client_id__in=ids)
    suspended = set(here.values_list("client_id", flat=True))
    return [_shape(one, one.pk in suspended, used.get(one.pk, NOBODY)) for one in clients]


def _shape(client: Client, suspended: bool, used: Mapping[str, object]) -> ClientOut:
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
