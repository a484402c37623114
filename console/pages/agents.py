"""Agents: who connected through which software, and what can be done about each."""

from functools import partial
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.actor import Actor
from access.tenancy import acting_transaction
from console.actors import actor_for
from console.choices import member_choices
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import CHOOSE
from console.errors import handle_errors
from console.fields import plain, rule
from console.filters import AgentFilters
from console.navigation import waiting_agents
from console.page_context import page_context, signed_in
from foundation.db.ids import parse_public_id
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Conflict, Invalid, VaultError
from foundation.schema.safe_text import require_visible
from identity.authorization_server.clients import software_names
from leases.revocation import count_by_agent
from tenants.operations import (
    change_agent,
    disconnect_agent,
    list_agents,
    merge_agents,
    rename_agent,
    show_agent,
)
from tenants.shapes.agents import AgentOut, ChangeAgent, ListAgents, MergeAgents, RenameAgent

PAGE = 50
DONE = {
    "active": "{} may go on.",
    "suspended": "{} is suspended: every call of it fails now, and its leases have ended.",
    "removed": "{} is removed, and its leases have ended.",
}


class Line(NamedTuple):
    """An agent with the software that it is, and how many leases it holds now."""

    agent: AgentOut
    software: str
    leases: int


class NameForm(forms.Form):
    """Another name."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        validators=[rule(partial(require_visible, field="name", least=1))],
    )

    def refuse(self, error: VaultError) -> None:
        """Say it beside the field."""
        self.add_error("name", plain(error))


class MergeForm(forms.Form):
    """Which earlier agent of the same person it is."""

    into_id = forms.ChoiceField(label="It is the same as", error_messages=CHOOSE)

    def __init__(self, data: Any, others: list[AgentOut]) -> None:
        super().__init__(data)
        choices = [
            (one.agent_id, f"{one.name}, connected {one.created_at:%Y-%m-%d}") for one in others
        ]
        self.fields["into_id"].choices = choices  # type: ignore[attr-defined]  # a choice field


@require_safe
def tenants_agents(request: HttpRequest) -> HttpResponse:
    """Everybody's agents, those that wait for a decision first."""
    actor = actor_for(request)
    filters = AgentFilters(request.GET, people=member_choices(actor))
    chosen = filters.wish()
    waiting = list_agents(actor, ListAgents(whose="all", state="waiting", limit=MAXIMUM_PAGE))
    wish = {**chosen, "whose": "all", "limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_agents(actor, ListAgents.parse(wish))
    shown = {
        **page_context(request, "agents"),
        "waiting": _lines(actor, waiting.agents),
        "page": page,
        "lines": _lines(actor, page.agents),
        "filters": filters,
        "narrowed": chosen,
    }
    return render(request, "console/agents.html", shown)


@require_safe
@never_cache
@signed_in
@handle_errors
def own_agents(request: HttpRequest) -> HttpResponse:
    """One's own agents."""
    actor = actor_for(request)
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_agents(actor, ListAgents.parse(wish))
    shown = {
        **page_context(request, "own-agents"),
        "page": page,
        "lines": _lines(actor, page.agents),
    }
    return render(request, "console/own_agents.html", shown)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The number beside the link to the list, fetched when something happened."""
    shown = {"waiting": waiting_agents(actor_for(request))}
    return render(request, "console/parts/waiting.html", shown)


def _lines(actor: Actor, agents: list[AgentOut]) -> list[Line]:
    names = software_names(one.client_id for one in agents)
    ids = {one.agent_id: parse_public_id("agent", one.agent_id) for one in agents}
    with acting_transaction(actor):
        counts = count_by_agent(actor, ids.values())
    return [
        Line(one, names.get(one.client_id, ""), counts.get(ids[one.agent_id], 0)) for one in agents
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def agent(request: HttpRequest, agent_id: str) -> HttpResponse:
    """One agent, and the form that gives it another name."""
    actor = actor_for(request)
    its = show_agent(actor, agent_id)
    sent = request.method == "POST"
    form = NameForm(request.POST if sent else None, initial={"name": its.name})
    if sent and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            rename_agent(actor, RenameAgent(agent_id=agent_id, name=name))
        except (Conflict, Invalid) as error:
            form.refuse(error)
        else:
            messages.success(request, f"It is called {name} now.")
            return redirect("agent", agent_id)
    return _page(request, actor, its, form=form)


@require_POST
@never_cache
@signed_in
@handle_errors
def merge(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Say that it is an earlier agent of the same person under a new registration."""
    actor = actor_for(request)
    its = show_agent(actor, agent_id)
    form = MergeForm(request.POST, _others(actor, its))
    if not form.is_valid():
        return _page(request, actor, its, merging=form)
    into = form.cleaned_data["into_id"]
    merged = merge_agents(actor, MergeAgents(agent_id=agent_id, into_id=into))
    messages.success(request, f"{its.name} is {merged.name} now. The client connects once more.")
    return redirect("agent", merged.agent_id)


@require_POST
@never_cache
@signed_in
@handle_errors
def move(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Suspend, resume, approve or deny; for owners and admins."""
    actor = actor_for(request)
    before = show_agent(actor, agent_id)
    wish = {"agentId": agent_id, "state": request.POST.get("state", "")}
    its = change_agent(actor, ChangeAgent.parse(wish))
    messages.success(request, DONE[its.state].format(its.name))
    if before.state == "waiting" or its.state == "removed":
        return redirect("admin:agents")
    return redirect("agent", agent_id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def remove(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Ask, then remove it for good: one's own, or as an owner or admin anybody's."""
    actor = actor_for(request)
    its = show_agent(actor, agent_id)
    if request.method == "POST":
        _remove(actor, agent_id)
        messages.success(request, DONE["removed"].format(its.name))
        return redirect(_list(actor))
    (line,) = _lines(actor, [its])
    question = Question(
        section="agents" if _governs(actor) else "own-agents",
        heading=f"Remove {its.name}",
        action="Remove it",
        lines=[
            f"{its.person} connected it{f', by {line.software}' if line.software else ''}.",
            f"Leases that end at once: {line.leases}. Its tokens are worth nothing from now on.",
            "Grants and policies that are limited to it serve no other agent in its place.",
            "It can be connected anew, as another agent. To keep it out, suspend it instead.",
        ],
        cancel=reverse("agent", args=[agent_id]),
    )
    return confirm(request, question, ConfirmForm(None))


def _remove(actor: Actor, agent_id: str) -> None:
    if _governs(actor):
        change_agent(actor, ChangeAgent(agent_id=agent_id, state="removed"))
    else:
        disconnect_agent(actor, agent_id)


def _page(
    request: HttpRequest,
    actor: Actor,
    its: AgentOut,
    *,
    form: NameForm | None = None,
    merging: MergeForm | None = None,
) -> HttpResponse:
    (line,) = _lines(actor, [its])
    wrong = merging or form
    shown = {
        **page_context(request, "agents" if _governs(actor) else "own-agents"),
        "its": its,
        "line": line,
        "form": form or NameForm(initial={"name": its.name}),
        "merging": merging or MergeForm(None, _others(actor, its)),
        "wrong": wrong if wrong and wrong.errors else None,
        "list": _list(actor),
    }
    return render(request, "console/agent.html", shown, status=422 if shown["wrong"] else 200)


def _others(actor: Actor, its: AgentOut) -> list[AgentOut]:
    """The agents that its person had before, which it could be."""
    wish = ListAgents(
        whose="all" if _governs(actor) else "mine", person_id=its.person_id, limit=MAXIMUM_PAGE
    )
    return [one for one in list_agents(actor, wish).agents if one.created_at < its.created_at]


def _governs(actor: Actor) -> bool:
    return actor.role is not None and actor.role.is_admin


def _list(actor: Actor) -> str:
    return reverse("admin:agents" if _governs(actor) else "agents")
