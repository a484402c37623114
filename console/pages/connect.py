"""How to connect an agent, with a step that waits for it."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from access.actor import Actor
from console.connect_snippets import LABELS, How, instructions
from console.page_context import actor_for, page_context
from foundation.db.paging import MAXIMUM_PAGE
from tenants.operations import list_agents
from tenants.shapes.agents import AgentOut, ListAgents

MOST_SHOWN = 5
LONGEST_WAIT = timedelta(days=1)


def connect(request: HttpRequest) -> HttpResponse:
    """The steps for one kind of client; another is another tab."""
    how = _how(request.GET.get("how", ""))
    shown = {
        **page_context(request),
        "how": how,
        "tabs": LABELS.items(),
        "parts": instructions(how),
        **_waiting(request),
    }
    return render(request, "console/connect.html", shown)


def waiting(request: HttpRequest) -> HttpResponse:
    """The step that waits, which an open page fetches repeatedly."""
    shown = _waiting(request)
    if "HX-Request" not in request.headers:
        return redirect(str(shown["again"]))
    return render(request, "console/connect_waiting.html", shown)


def _waiting(request: HttpRequest) -> dict[str, object]:
    actor = actor_for(request)
    since = _since(request.GET.get("since", ""))
    query = urlencode({"since": since.isoformat(), "how": _how(request.GET.get("how", ""))})
    return {
        "came": _agents(actor, since),
        "again": f"{reverse('connect')}?{query}#waiting",
        "refetch": f"{reverse('connect_waiting')}?{query}",
    }


def _agents(actor: Actor, since: datetime) -> list[AgentOut]:
    """The person's agents that were connected or called since then, newest first."""
    mine = list_agents(actor, ListAgents(limit=MAXIMUM_PAGE)).agents
    return [agent for agent in mine if _is_new(agent, since)][:MOST_SHOWN]


def _is_new(agent: AgentOut, since: datetime) -> bool:
    called = agent.last_call_at
    return agent.created_at >= since or (called is not None and called >= since)


def _how(text: str) -> How:
    return How(text) if text in set(How) else How.CLAUDE_CODE


def _since(text: str) -> datetime:
    """When the page was first opened; now, if the time is malformed, too old or in the future."""
    now = timezone.now()
    try:
        since = parse_datetime(text)
    except ValueError:
        since = None
    if since is None or since.tzinfo is None or not now - LONGEST_WAIT < since <= now:
        return now
    return since
