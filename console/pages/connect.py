"""How to connect an agent, and a step that waits for it."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.actor import Actor
from access.tenancy import acting_transaction
from console.actors import actor_for
from console.connect_snippets import LABELS, How, instructions
from console.errors import handle_errors
from console.page_context import page_context, signed_in
from tenants.models import Agent, AgentState

LONGEST_WAIT = timedelta(days=1)


@require_safe
@never_cache
@signed_in
@handle_errors
def connect(request: HttpRequest) -> HttpResponse:
    """The steps for one kind of client; another is another tab."""
    how = _how(request.GET.get("how", ""))
    shown = {
        **page_context(request, "connect"),
        "how": how,
        "tabs": LABELS.items(),
        "parts": instructions(how),
        **_waiting(request),
    }
    return render(request, "console/connect.html", shown)


@require_safe
@never_cache
@signed_in
@handle_errors
def waiting(request: HttpRequest) -> HttpResponse:
    """The step that waits, for a page that is open and fetches it again and again."""
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


def _agents(actor: Actor, since: datetime) -> list[Agent]:
    """The person's agents that were connected or called since then, newest first."""
    with acting_transaction(actor):
        mine = Agent.objects.of(actor).filter(person_id=actor.person)
        came = mine.filter(Q(created_at__gte=since) | Q(last_call_at__gte=since))
        return list(came.exclude(state=AgentState.REMOVED).order_by("-created_at")[:5])


def _how(text: str) -> How:
    return How(text) if text in set(How) else How.CLAUDE_CODE


def _since(text: str) -> datetime:
    """When the page was opened first; a time that makes no sense means now."""
    now = timezone.now()
    try:
        since = parse_datetime(text)
    except ValueError:
        since = None
    if since is None or since.tzinfo is None or not now - LONGEST_WAIT < since <= now:
        return now
    return since
