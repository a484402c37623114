"""Where people can go: one table that the sidebar is drawn from. A new page adds its row here.

A row shows nothing that its page would not: whoever may not open the page does not see the row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse

from access.actor import Actor
from console.live.topics import Topic
from credentials.operations import list_access_requests
from credentials.shapes.access_requests import ListAccessRequests
from leases.operations import list_approvals
from leases.shapes import ListApprovals
from tenants.operations import list_agents
from tenants.shapes.agents import ListAgents


class Group(StrEnum):
    """The headings that rows stand under, in their order."""

    START = ""
    SECRETS = "Secrets"
    ACCESS = "Access"
    OVERSIGHT = "Oversight"
    OWN = "You"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many wait for somebody: fetched anew at `url` when there are news of `topic`."""

    waiting: Callable[[Actor], int]
    url: str
    topic: Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A page: what it is called, its URL's name, and the `section` that its `page_context()` names.

    `governing`: for owners and admins only; None: for everybody, True: only them, False: only
    members without such a role. `count` says how many wait there.
    """

    label: str
    url: str
    section: str
    icon: str
    group: Group
    admins_only: bool | None = None
    count: Count | None = None


def waiting_approvals(actor: Actor) -> int:
    """How many requests this person can decide on now."""
    leases = list_approvals(actor, ListApprovals(limit=1)).waiting_for_me
    return leases + list_access_requests(actor, ListAccessRequests(limit=1)).waiting_for_me


def waiting_agents(actor: Actor) -> int:
    """How many agents wait for the approval of an owner or admin."""
    return len(list_agents(actor, ListAgents(whose="all", state="waiting")).agents)


ROWS = (
    Row(
        label="Dashboard",
        url="admin:index",
        section="dashboard",
        icon="dashboard",
        group=Group.START,
        admins_only=True,
    ),
    Row(
        label="Credentials",
        url="admin:credentials",
        section="credentials",
        icon="key",
        group=Group.SECRETS,
        admins_only=True,
    ),
    Row(
        label="Folders",
        url="admin:folders",
        section="folders",
        icon="folder",
        group=Group.SECRETS,
        admins_only=True,
    ),
    Row(
        label="Import",
        url="admin:import",
        section="import",
        icon="upload",
        group=Group.SECRETS,
        admins_only=True,
    ),
    Row(
        label="Leases",
        url="admin:leases",
        section="leases",
        icon="clock",
        group=Group.SECRETS,
        admins_only=True,
    ),
    Row(
        label="My leases",
        url="leases",
        section="own-leases",
        icon="clock",
        group=Group.OWN,
    ),
    Row(
        label="My agents",
        url="agents",
        section="own-agents",
        icon="agent",
        group=Group.OWN,
    ),
    Row(label="Team", url="team", section="team", icon="people", group=Group.ACCESS),
    Row(
        label="Approvals",
        url="approvals",
        section="approvals",
        icon="check",
        group=Group.ACCESS,
        count=Count(waiting=waiting_approvals, url="waiting", topic=Topic.APPROVALS),
    ),
    Row(
        label="Agents",
        url="admin:agents",
        section="agents",
        icon="agent",
        group=Group.ACCESS,
        admins_only=True,
        count=Count(waiting=waiting_agents, url="admin:waiting_agents", topic=Topic.AGENTS),
    ),
    Row(
        label="Service accounts",
        url="admin:service_accounts",
        section="service-accounts",
        icon="service",
        group=Group.ACCESS,
        admins_only=True,
    ),
    Row(
        label="Audit log",
        url="admin:audit",
        section="audit",
        icon="audit",
        group=Group.OVERSIGHT,
        admins_only=True,
    ),
    Row(
        label="Keys",
        url="admin:keys",
        section="keys",
        icon="lock",
        group=Group.OVERSIGHT,
        admins_only=True,
    ),
    Row(
        label="Settings",
        url="admin:settings",
        section="settings",
        icon="settings",
        group=Group.OVERSIGHT,
        admins_only=True,
    ),
    Row(
        label="Single sign-on",
        url="admin:sign_in",
        section="sign-in",
        icon="person",
        group=Group.OVERSIGHT,
        admins_only=True,
    ),
    Row(label="Connect", url="connect", section="connect", icon="connect", group=Group.OWN),
    Row(
        label="Account",
        url="account",
        section="account",
        icon="person",
        group=Group.OWN,
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A row as it is drawn for somebody; with `counted_at` it says how many wait, kept up to date
    from there when there are news of `topic`.
    """

    label: str
    address: str
    icon: str
    current: bool
    waiting: int
    counted_at: str
    topic: str


def links(is_admin: bool, section: str, actor: Actor | None) -> list[tuple[str, list[Link]]]:
    """The sidebar for somebody: headings with their links; headings without links are left out."""
    seen = [row for row in ROWS if row.admins_only is None or row.admins_only == is_admin]
    drawn = [(row.group, _link(row, section, actor)) for row in seen]
    groups = [(group, [link for its, link in drawn if its is group]) for group in Group]
    return [(str(group), its_links) for group, its_links in groups if its_links]


def addresses() -> dict[str, str]:
    """Where each section begins, for pages that lead to others."""
    return {row.section: reverse(row.url) for row in ROWS}


def _link(row: Row, section: str, actor: Actor | None) -> Link:
    waiting = row.count.waiting(actor) if row.count and actor else 0
    return Link(
        label=row.label,
        address=reverse(row.url),
        icon=row.icon,
        current=row.section == section,
        waiting=waiting,
        counted_at=reverse(row.count.url) if row.count else "",
        topic=row.count.topic if row.count else "",
    )
