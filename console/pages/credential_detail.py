"""One credential with everything that is known about it, except its value."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access.actor import Actor
from access.levels import Level
from console.choices import agent_choices
from console.lookups import find_or_404
from console.page_context import actor_for, page_context
from console.usage_snippets import ways_to_use
from credentials.operations import show_access
from credentials.shapes.access_reports import AccessPageOut, ShowAccess
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import Conflict
from leases.operations import list_leases, show_activity, show_readers
from leases.shapes import ListLeases, ReadersOut, ShowActivity

LEASES = 20
AUDIT_ENTRIES = 20
REACHERS = 10


class Abilities(NamedTuple):
    """What the page offers at a level; the operations decide."""

    use: bool
    manage: bool
    administer: bool
    next_level: str

    @classmethod
    def of(cls, level: Level) -> "Abilities":
        """Everything up to this level; `next_level` is what one would ask for."""
        above = next((one.word for one in Level if one > max(level, Level.VIEWER)), "")
        return cls(level >= Level.USER, level >= Level.MANAGER, level >= Level.ADMIN, above)


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """Facts, versions and policy; what else is shown and offered depends on the level on it."""
    actor = actor_for(request)
    credential = find_or_404(actor, key, audit_entries=AUDIT_ENTRIES)
    level = Level.of(credential.access)
    whose = "all" if level >= Level.MANAGER else "mine"
    leases = {"whose": whose, "key": credential.key, "limit": LEASES}
    shown = {
        **page_context(request),
        "credential": credential,
        "may": Abilities.of(level),
        "over": credential.state in {"revoked", "deleted"},
        "allowed_agents": _allowed(actor, credential),
        "leases": list_leases(actor, ListLeases.parse(leases)),
        "access": _access(actor, credential) if level >= Level.ADMIN else None,
        "window": _window(actor, credential) if level >= Level.MANAGER else None,
        "activity": show_activity(actor, ShowActivity(key=credential.key)),
        "log": urlencode({"key": credential.key}),
        "ways": ways_to_use(credential.key),
    }
    return render(request, "console/credential.html", shown)


def _access(actor: Actor, credential: CredentialDetailOut) -> AccessPageOut:
    return show_access(actor, ShowAccess.parse({"key": credential.key, "limit": REACHERS}))


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
