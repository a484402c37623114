"""Leases: the live and the past ones, and revoking one, an agent's or all of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from access.actor import Actor
from console.choices import agent_choices, holder_choices
from console.confirmation import ConfirmForm, Question, confirm
from console.filters import LeaseFilters
from console.page_context import actor_for, page_context, paging
from credentials.operations.choices import list_folder_choices
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import NotFound
from leases.operations import list_leases, revoke_lease, revoke_leases, show_lease
from leases.shapes import LeaseDetailOut, ListLeases, RevokeLeases

PAGE = 50
EVERYTHING, SOME = "all leases", "these leases"


def everybodys_leases(request: HttpRequest) -> HttpResponse:
    """All leases on what the person manages; for owners and admins, of the tenant."""
    actor = actor_for(request)
    filters = _filters(request, actor)
    chosen = filters.chosen()
    page = list_leases(actor, ListLeases.parse({**chosen, "whose": "all", **paging(request, PAGE)}))
    shown = {
        **page_context(request),
        "page": page,
        "filters": filters,
        "narrowed": chosen,
        "living": chosen.get("state", "living") == "living",
    }
    return render(request, "console/leases.html", shown)


def own_leases(request: HttpRequest) -> HttpResponse:
    """The person's own leases, live and past."""
    actor = actor_for(request)
    state = "any" if request.GET.get("state") == "any" else "living"
    page = list_leases(actor, ListLeases.parse({"state": state, **paging(request, PAGE)}))
    shown = {
        **page_context(request),
        "page": page,
        "living": state == "living",
        "manages": list_folder_choices(actor).manages_anything,
    }
    return render(request, "console/own_leases.html", shown)


def revoke(request: HttpRequest, lease_id: str) -> HttpResponse:
    """Revoke one lease: the person's own, or one on something that they manage."""
    actor = actor_for(request)
    lease = show_lease(actor, lease_id)
    back = _back(request, actor)
    if request.method == "POST":
        revoke_lease(actor, lease_id)
        messages.success(request, f"The lease on {lease.key} has ended: every read fails now.")
        return redirect(back)
    question = Question(
        heading=f"Revoke the lease on {lease.key}",
        action="Revoke it",
        lines=_facts(lease),
        cancel=back,
    )
    return confirm(request, question, ConfirmForm(None))


def _facts(lease: LeaseDetailOut) -> list[str]:
    through = f" through {lease.agent}" if lease.agent else ""
    return [
        f"{lease.holder.name} holds it{through}, for: {lease.purpose}",
        "Every read by it fails from now on, also one in progress.",
        "What was read before is still known: rotate the credential if that matters.",
    ]


def _back(request: HttpRequest, actor: Actor) -> str:
    """The list that led here."""
    back = request.GET.get("back", "")
    if url_has_allowed_host_and_scheme(back, None) and back.startswith("/"):
        return back
    is_admin = actor.role is not None and actor.role.is_admin
    return reverse("all_leases" if is_admin else "leases")


def revoke_chosen(request: HttpRequest) -> HttpResponse:
    """Revoke the leases that the filters choose – of an agent, a person, a key – or all of them."""
    actor = actor_for(request)
    filters = _filters(request, actor)
    chosen = {name: value for name, value in filters.chosen().items() if name != "state"}
    if not filters.is_valid():
        raise NotFound("These filters are not valid; open the list again.")
    form = ConfirmForm(
        request.POST if request.method == "POST" else None,
        phrase=SOME if chosen else EVERYTHING,
    )
    if form.is_valid():
        count = revoke_leases(actor, RevokeLeases.parse({**chosen, "whose": "all"})).revoked
        messages.success(request, f"{count} lease{'' if count == 1 else 's'} ended.")
        return redirect("all_leases")
    return confirm(request, _revocation_question(actor, filters.in_words(), chosen), form)


def _revocation_question(actor: Actor, whose: str, chosen: dict[str, str]) -> Question:
    living = list_leases(actor, ListLeases.parse({**chosen, "whose": "all", "limit": MAXIMUM_PAGE}))
    count = f"{len(living.leases)}{' and more' if living.next_cursor else ''}"
    return Question(
        heading=f"Revoke the leases of {whose}" if whose else "Revoke all leases",
        action="Revoke them",
        lines=[
            f"Live now: {count}. Each ends at once, with its own entry in the log.",
            "Agents may lease again where permissions allow it: suspend an agent to keep it out.",
        ],
        cancel=reverse("all_leases"),
    )


def _filters(request: HttpRequest, actor: Actor) -> LeaseFilters:
    return LeaseFilters(request.GET, agents=agent_choices(actor), holders=holder_choices(actor))
