"""OAuth clients: the software behind the tenant's agents, which the tenant can suspend."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from access.revocation import AccessRevoked
from access.tenancy import acting_transaction
from console.confirmation import ConfirmForm, Question, confirm
from console.page_context import actor_for, page_context, paging
from foundation.db.ids import parse_public_id
from identity.operations import change_client_state, list_clients, remove_client, show_client
from identity.shapes import ChangeClient, ClientOut, ListClients
from leases.revocation import count_ending

PAGE = 50


def clients(request: HttpRequest) -> HttpResponse:
    """The clients that are used here, suspended here, or registered by the operator."""
    page = list_clients(actor_for(request), ListClients.parse(paging(request, PAGE)))
    return render(request, "console/clients.html", {**page_context(request), "page": page})


def suspend(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask, then stop its agents in this tenant."""
    actor = actor_for(request)
    if request.method == "POST":
        client = change_client_state(actor, ChangeClient(client_id=client_id, state="suspended"))
        messages.success(
            request, f"{client.name} is suspended: its agents can do nothing in this tenant."
        )
        return redirect("admin:clients")
    client = show_client(actor, client_id)
    lines = [
        *_impact(actor, client),
        "Nobody can connect it here until it is resumed. Other tenants are not affected.",
        "The next agent of anyone who used it waits for approval.",
    ]
    return _question(request, f"Suspend {client.name}", "Suspend it", lines)


def resume(request: HttpRequest, client_id: str) -> HttpResponse:
    """Resume it; its agents keep the states that they had."""
    client = change_client_state(
        actor_for(request), ChangeClient(client_id=client_id, state="active")
    )
    messages.success(request, f"{client.name} is resumed. Leases that ended stay ended.")
    return redirect("admin:clients")


def remove(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask, then remove its agents from this tenant."""
    actor = actor_for(request)
    client = show_client(actor, client_id)
    if request.method == "POST":
        remove_client(actor, client_id)
        messages.success(request, f"Every agent of {client.name} is removed.")
        return redirect("admin:clients")
    then = (
        "It stays suspended, so nobody can connect it."
        if client.state == "suspended"
        else "It can be connected again. To keep it out, suspend it first."
    )
    lines = [*_impact(actor, client), "They are removed for good, with their tokens.", then]
    return _question(request, f"Remove the agents of {client.name}", "Remove them", lines)


def _impact(actor: Actor, client: ClientOut) -> list[str]:
    """How much this affects."""
    client_id = parse_public_id("client", client.client_id)
    with acting_transaction(actor):
        leases = count_ending(actor, AccessRevoked(reason="", client_id=client_id))
    return [
        f"Its agents here: {client.agents}, of people: {client.people}. Leases that end: {leases}."
    ]


def _question(request: HttpRequest, heading: str, action: str, lines: list[str]) -> HttpResponse:
    question = Question(
        heading=heading,
        action=action,
        lines=lines,
        cancel=reverse("admin:clients"),
    )
    return confirm(request, question, ConfirmForm(None))
