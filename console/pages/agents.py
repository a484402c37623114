"""Agents: whose they are, which software they are, and how to rename, merge, stop or remove one."""

from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from access.tenancy import acting_transaction
from console.choices import member_choices
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import CHOOSE
from console.fields import rule
from console.filters import AgentFilters
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context, paging
from foundation.db.ids import parse_public_id
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Conflict, Invalid
from foundation.schema.safe_text import require_visible
from identity.authorization_server.clients import software_names
from leases.operations import show_activity
from leases.revocation import count_by_agent
from leases.shapes import ShowActivity
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
    "active": "{} is active.",
    "suspended": "{} is suspended: its calls fail from now on, and its leases have ended.",
    "removed": "{} is removed, and its leases have ended.",
}


class Line(NamedTuple):
    """An agent with the name of its software and the number of its live leases."""

    agent: AgentOut
    software: str
    leases: int


class NameForm(OperationForm):
    """Another name."""

    default_field = "name"

    name = forms.CharField(
        label="Name",
        max_length=80,
        validators=[rule(partial(require_visible, field="name", least=1))],
    )


class MergeForm(forms.Form):
    """The earlier agent of the same person that it continues."""

    into_id = forms.ChoiceField(label="It is the same as", error_messages=CHOOSE)

    def __init__(self, data: Any, others: list[AgentOut]) -> None:
        super().__init__(data)
        choices = [
            (other.agent_id, f"{other.name}, connected {other.created_at:%Y-%m-%d}")
            for other in others
        ]
        self.fields["into_id"].choices = choices  # type: ignore[attr-defined]  # a choice field


def tenants_agents(request: HttpRequest) -> HttpResponse:
    """All agents of the tenant, those that wait for a decision first."""
    actor = actor_for(request)
    filters = AgentFilters(request.GET, people=member_choices(actor))
    chosen = filters.chosen()
    waiting = list_agents(actor, ListAgents(whose="all", state="waiting", limit=MAXIMUM_PAGE))
    query = {**chosen, "whose": "all", **paging(request, PAGE)}
    page = list_agents(actor, ListAgents.parse(query))
    shown = {
        **page_context(request),
        "waiting": _lines(actor, waiting.agents),
        "page": page,
        "lines": _lines(actor, page.agents),
        "filters": filters,
        "narrowed": chosen,
    }
    return render(request, "console/agents.html", shown)


def own_agents(request: HttpRequest) -> HttpResponse:
    """The person's own agents."""
    actor = actor_for(request)
    page = list_agents(actor, ListAgents.parse(paging(request, PAGE)))
    shown = {
        **page_context(request),
        "page": page,
        "lines": _lines(actor, page.agents),
    }
    return render(request, "console/own_agents.html", shown)


def waiting(request: HttpRequest) -> HttpResponse:
    """The number beside the link to the list, fetched after events."""
    shown = {"waiting": count_waiting(actor_for(request))}
    return render(request, "console/parts/waiting.html", shown)


def count_waiting(actor: Actor) -> int:
    """How many agents wait for the approval of an owner or admin."""
    return len(list_agents(actor, ListAgents(whose="all", state="waiting")).agents)


def _lines(actor: Actor, agents: list[AgentOut]) -> list[Line]:
    names = software_names(agent.client_id for agent in agents)
    ids = {agent.agent_id: parse_public_id("agent", agent.agent_id) for agent in agents}
    with acting_transaction(actor):
        counts = count_by_agent(actor, ids.values())
    return [
        Line(agent, names.get(agent.client_id, ""), counts.get(ids[agent.agent_id], 0))
        for agent in agents
    ]


def agent(request: HttpRequest, agent_id: str) -> HttpResponse:
    """One agent, and the form that gives it another name."""
    actor = actor_for(request)
    agent = show_agent(actor, agent_id)
    sent = request.method == "POST"
    form = NameForm(request.POST if sent else None, initial={"name": agent.name})
    if sent and form.is_valid():
        name = form.cleaned_data["name"]
        with form.refusals(Conflict, Invalid):
            rename_agent(actor, RenameAgent(agent_id=agent_id, name=name))
            messages.success(request, f"It is now called {name}.")
            return redirect("agent", agent_id)
    return _page(request, actor, agent, form=form)


def merge(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Merge it into an earlier agent of the same person, which registered anew."""
    actor = actor_for(request)
    agent = show_agent(actor, agent_id)
    form = MergeForm(request.POST, _others(actor, agent))
    if not form.is_valid():
        return _page(request, actor, agent, merging=form)
    into = form.cleaned_data["into_id"]
    merged = merge_agents(actor, MergeAgents(agent_id=agent_id, into_id=into))
    messages.success(
        request, f"{agent.name} is now {merged.name}. The client has to connect again."
    )
    return redirect("agent", merged.agent_id)


def move(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Suspend, resume, approve or deny; for owners and admins."""
    actor = actor_for(request)
    before = show_agent(actor, agent_id)
    change = {"agentId": agent_id, "state": request.POST.get("state", "")}
    agent = change_agent(actor, ChangeAgent.parse(change))
    messages.success(request, DONE[agent.state].format(agent.name))
    if before.state == "waiting" or agent.state == "removed":
        return redirect("admin:agents")
    return redirect("agent", agent_id)


def remove(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Ask, then remove it for good: their own, or for owners and admins anybody's."""
    actor = actor_for(request)
    agent = show_agent(actor, agent_id)
    if request.method == "POST":
        _remove(actor, agent_id)
        messages.success(request, DONE["removed"].format(agent.name))
        return redirect(_list(actor))
    (line,) = _lines(actor, [agent])
    question = Question(
        section="agents" if _is_admin(actor) else "own-agents",
        heading=f"Remove {agent.name}",
        action="Remove it",
        lines=[
            f"{agent.person} connected it{f', using {line.software}' if line.software else ''}.",
            f"Leases that end at once: {line.leases}. Its tokens stop working.",
            "Grants and policies that are limited to it apply to no other agent in its place.",
            "It can be connected again, as another agent. To keep it out, suspend it instead.",
        ],
        cancel=reverse("agent", args=[agent_id]),
    )
    return confirm(request, question, ConfirmForm(None))


def _remove(actor: Actor, agent_id: str) -> None:
    if _is_admin(actor):
        change_agent(actor, ChangeAgent(agent_id=agent_id, state="removed"))
    else:
        disconnect_agent(actor, agent_id)


def _page(
    request: HttpRequest,
    actor: Actor,
    agent: AgentOut,
    *,
    form: NameForm | None = None,
    merging: MergeForm | None = None,
) -> HttpResponse:
    (line,) = _lines(actor, [agent])
    wrong = merging or form
    shown = {
        **page_context(request, "agents" if _is_admin(actor) else "own-agents"),
        "agent": agent,
        "line": line,
        "form": form or NameForm(initial={"name": agent.name}),
        "merging": merging or MergeForm(None, _others(actor, agent)),
        "wrong": wrong if wrong and wrong.errors else None,
        "list": _list(actor),
        "activity": show_activity(actor, ShowActivity(agent_id=agent.agent_id)),
        "log": urlencode({"agent": agent.agent_id}),
    }
    return render(request, "console/agent.html", shown, status=422 if shown["wrong"] else 200)


def _others(actor: Actor, agent: AgentOut) -> list[AgentOut]:
    """The earlier agents of the same person, one of which it could be."""
    request = ListAgents(
        whose="all" if _is_admin(actor) else "mine", person_id=agent.person_id, limit=MAXIMUM_PAGE
    )
    same_person = list_agents(actor, request).agents
    return [other for other in same_person if other.created_at < agent.created_at]


def _is_admin(actor: Actor) -> bool:
    return actor.role is not None and actor.role.is_admin


def _list(actor: Actor) -> str:
    return reverse("admin:agents" if _is_admin(actor) else "agents")
