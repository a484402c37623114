"""What forms offer to choose from."""

from access.actor import Actor
from credentials.operations.choices import list_principal_choices
from credentials.shapes.choices import PrincipalChoiceOut
from foundation.db.paging import MAXIMUM_PAGE
from tenants.operations import list_members
from tenants.operations.choices import list_agent_choices
from tenants.shapes.fields import Listing
from tenants.shapes.members import MemberOut

Choices = list[tuple[str, str]]


def agent_choices(actor: Actor) -> Choices:
    """(public id, name and person) of the tenant's agents."""
    agents = list_agent_choices(actor).agents
    return [(agent.agent_id, f"{agent.name} – {agent.email}") for agent in agents]


def member_choices(actor: Actor) -> Choices:
    """(public id, name and e-mail) of the tenant's members, without auditors."""
    people = list_principal_choices(actor).people
    return [_choice(person) for person in people if person.receives_grants]


def holder_choices(actor: Actor) -> Choices:
    """(public id, name) of those who act or have acted: members and service accounts."""
    found = list_principal_choices(actor)
    return [_choice(principal) for principal in (*found.people, *found.service_accounts)]


def grantee_choices(actor: Actor) -> list[tuple[str, Choices]]:
    """Whom a grant can be given to, under their kinds."""
    found = list_principal_choices(actor)
    kinds = [
        ("People", [person for person in found.people if person.receives_grants]),
        ("Groups", found.groups),
        ("Service accounts", found.service_accounts),
    ]
    return [(kind, list(map(_choice, offered))) for kind, offered in kinds if offered]


def _choice(principal: PrincipalChoiceOut) -> tuple[str, str]:
    words = filter(None, (principal.name, principal.email))
    return principal.subject_id, " – ".join(words)


def every_member(actor: Actor) -> list[MemberOut]:
    """All members with their roles, page by page; for owners and admins."""
    page = list_members(actor, Listing(limit=MAXIMUM_PAGE))
    found = list(page.members)
    while page.next_cursor:
        page = list_members(actor, Listing(limit=MAXIMUM_PAGE, cursor=page.next_cursor))
        found += page.members
    return found
