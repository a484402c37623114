"""One credential with everything that is known about it, except its value."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access.actor import Actor
from console.choices import agent_choices
from console.lookups import find_or_404
from console.page_context import actor_for, page_context
from console.usage_snippets import ways_to_use
from credentials.operations import show_access
from credentials.shapes.access_reports import ShowAccess
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import Conflict
from leases.operations import list_leases, show_readers
from leases.shapes import ListLeases, ReadersOut

LEASES = 20
REACHERS = 10


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """Facts, versions, policy, who can reach it, and its live leases."""
    actor = actor_for(request)
    credential = find_or_404(actor, key)
    leases = {"whose": "all", "key": credential.key, "limit": LEASES}
    reachers = {"key": credential.key, "limit": REACHERS}
    shown = {
        **page_context(request),
        "credential": credential,
        "over": credential.state in {"revoked", "deleted"},
        "allowed_agents": _allowed(actor, credential),
        "leases": list_leases(actor, ListLeases.parse(leases)),
        "access": show_access(actor, ShowAccess.parse(reachers)),
        "window": _window(actor, credential),
        "ways": ways_to_use(credential.key),
    }
    return render(request, "console/credential.html", shown)


def _allowed(actor: Actor, credential: CredentialDetailOut) -> list[str]:
    names = dict(agent_choices(actor))
    return [names.get(agent, "removed agent") for agent in credential.policy.agents or ()]


def _window(actor: Actor, credential: CredentialDetailOut) -> ReadersOut | None:
    """Who still reads the old value; None when no window is open, or it has just closed."""
    if credential.rotation is None:
        return None
    try:
        return show_readers(actor, DescribeCredential(key=credential.key))
    except Conflict:
        return None
