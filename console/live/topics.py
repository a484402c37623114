"""Topics of live updates: every event of the audit log belongs to one or more of them."""

from enum import StrEnum

from audit.events import Event
from tenants.agent_activity import FIRST_CALL


class Topic(StrEnum):
    """A kind of thing on a page; each part of a page names the topics that it shows."""

    LEASES = "leases"
    CREDENTIALS = "credentials"
    GRANTS = "grants"
    MEMBERS = "members"
    AGENTS = "agents"
    APPROVALS = "approvals"
    AUDIT = "audit"
    SETTINGS = "settings"


# Topics for members as well as owners and admins: their own pages show these things.
FOR_MEMBERS = frozenset(
    {Topic.LEASES, Topic.CREDENTIALS, Topic.GRANTS, Topic.AGENTS, Topic.APPROVALS}
)

# By the noun that an event's name begins with; a new noun has to be added here.
_BY_NOUN: dict[str, frozenset[Topic]] = {
    "access": frozenset({Topic.APPROVALS, Topic.LEASES}),
    "agent": frozenset({Topic.AGENTS}),
    "audit": frozenset(),
    "client": frozenset({Topic.AGENTS}),
    "credential": frozenset({Topic.CREDENTIALS}),
    "folder": frozenset({Topic.CREDENTIALS}),
    "grant": frozenset({Topic.GRANTS, Topic.CREDENTIALS}),
    "group": frozenset({Topic.MEMBERS, Topic.GRANTS}),
    "installation": frozenset(),
    "lease": frozenset({Topic.LEASES}),
    "member": frozenset({Topic.MEMBERS, Topic.GRANTS}),
    "personal_token": frozenset({Topic.AGENTS}),
    "process": frozenset(),
    "service_account": frozenset({Topic.AGENTS}),
    "session": frozenset(),
    "tenant": frozenset({Topic.SETTINGS}),
    "token": frozenset({Topic.AGENTS}),
}
_OTHERWISE: dict[str, frozenset[Topic]] = {
    Event.CREDENTIAL_READ: frozenset({Topic.LEASES}),
    Event.CREDENTIAL_READ_FAILED: frozenset({Topic.LEASES}),
    FIRST_CALL: frozenset({Topic.AGENTS}),
}


def topics_of(event: str) -> frozenset[Topic]:
    """The topics of an event; all but an agent's first call are recorded in the log, too.

    Reading the log is not published: a page that shows the log would be notified of its own read
    and read again, without end.
    """
    noun = event.partition(".")[0]
    found = _OTHERWISE.get(event, _BY_NOUN.get(noun, frozenset()))
    return found if event in {FIRST_CALL, Event.AUDIT_READ} else found | {Topic.AUDIT}


def nouns() -> frozenset[str]:
    """The nouns that have topics."""
    return frozenset(_BY_NOUN)
