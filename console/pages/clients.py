"""OAuth clients: the software that people's agents are, and this tenant's own word on it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.actor import Actor
from access.revocation import AccessRevoked
from access.tenancy import acting_transaction
from console.actors import actor_for
from console.confirmation import ConfirmForm, Question, confirm
from console.page_context import page_context
from foundation.db.ids import parse_public_id
from identity.operations import change_client_state, list_clients, remove_client, show_client
from identity.shapes import ChangeClient, ClientOut, ListClients
from leases.revocation import count_ending

PAGE = 50


@require_safe
def clients(request: HttpRequest) -> HttpResponse:
    """What is in use here, suspended here, or registered by the operator."""
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_clients(actor_for(request), ListClients.parse(wish))
    return render(
        request, "console/clients.html", {**page_context(request, "agents"), "page": page}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def suspend(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask, then stop everything of it in this tenant."""
    actor = actor_for(request)
    if request.method == "POST":
        its = change_client_state(actor, ChangeClient(client_id=client_id, state="suspended"))
        messages.success(request, f"{its.name} is suspended: no agent of it may do anything here.")
        return redirect("admin:clients")
    its = show_client(actor, client_id)
    lines = [
        *_radius(actor, its),
        "Nobody connects it here until it is resumed. Other tenants are not concerned.",
        "Whoever used it waits for approval with the next agent.",
    ]
    return _question(request, f"Suspend {its.name}", "Suspend it", lines)


@require_POST
def resume(request: HttpRequest, client_id: str) -> HttpResponse:
    """Let it go on; each of its agents stands as it stood."""
    its = change_client_state(actor_for(request), ChangeClient(client_id=client_id, state="active"))
    messages.success(request, f"{its.name} may go on. Leases that ended stay ended.")
    return redirect("admin:clients")


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask, then take every agent of it out of this tenant."""
    actor = actor_for(request)
    its = show_client(actor, client_id)
    if request.method == "POST":
        remove_client(actor, client_id)
        messages.success(request, f"Every agent of {its.name} is removed.")
        return redirect("admin:clients")
    then = (
        "It stays suspended, so nobody connects it."
        if its.state == "suspended"
        else "It can be connected anew. To keep it out, suspend it before."
    )
    lines = [*_radius(actor, its), "They are removed for good, with their tokens.", then]
    return _question(request, f"Remove the agents of {its.name}", "Remove them", lines)


def _radius(actor: Actor, its: ClientOut) -> list[str]:
    """Who will notice, in numbers."""
    client_id = parse_public_id("client", its.client_id)
    with acting_transaction(actor):
        leases = count_ending(actor, AccessRevoked(reason="", client_id=client_id))
    return [f"Its agents here: {its.agents}, of people: {its.people}. Leases that end: {leases}."]


def _question(request: HttpRequest, heading: str, action: str, lines: list[str]) -> HttpResponse:
    question = Question(
        section="agents",
        heading=heading,
        action=action,
        lines=lines,
        cancel=reverse("admin:clients"),
    )
    return confirm(request, question, ConfirmForm(None))
