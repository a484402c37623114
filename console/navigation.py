"""The sidebar, drawn from the table of pages: a person sees the links that they may open."""

from dataclasses import dataclass

from django.urls import reverse

from access.actor import Actor
from access.levels import Role
from console.page import Group, Link, Section, admits
from console.pages.table import SECTIONS


@dataclass(frozen=True, slots=True)
class SidebarLink:
    """A link as it is drawn for somebody. `counted_at` is where a page fetches `waiting` again
    after events of `topic`; both are empty for a link without a count.
    """

    label: str
    address: str
    icon: str
    current: bool
    waiting: int
    counted_at: str
    topic: str


def links(role: Role, section: str, actor: Actor | None) -> list[tuple[str, list[SidebarLink]]]:
    """The sidebar for somebody: headings with their links; a heading without links is left out.

    Without an actor nothing is counted.
    """
    drawn: dict[Group, list[SidebarLink]] = {group: [] for group in Group}
    for row in SECTIONS:
        if row.link and _is_drawn(row, row.link, role):
            current = row.name == section
            drawn[row.link.group].append(_drawn(row.link, actor, current=current))
    return [(str(group), entries) for group, entries in drawn.items() if entries]


def _is_drawn(section: Section, link: Link, role: Role) -> bool:
    return admits(section.open_to, role) and (role.is_admin or not link.only_admins)


def _drawn(link: Link, actor: Actor | None, *, current: bool) -> SidebarLink:
    return SidebarLink(
        label=link.label,
        address=reverse(link.name),
        icon=link.icon,
        current=current,
        waiting=link.count.waiting(actor) if link.count and actor else 0,
        counted_at=reverse(link.count.name) if link.count else "",
        topic=link.count.topic if link.count else "",
    )
