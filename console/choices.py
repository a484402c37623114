"""What forms offer to choose from."""

from access.actor import Actor
from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from foundation.db.paging import MAXIMUM_PAGE
from tenants.operations import list_groups, list_members, list_service_accounts
from tenants.operations.choices import list_agent_choices, list_member_choices
from tenants.shapes.fields import Listing
from tenants.shapes.members import MemberOut
from tenants.shapes.service_accounts import ListServiceAccounts


def agent_choices(actor: Actor) -> list[tuple[str, str]]:
    """(public id, name and person) of the tenant's agents."""
    agents = list_agent_choices(actor).agents
    return [(agent.agent_id, f"{agent.name} – {agent.email}") for agent in agents]


def subject_choices(actor: Actor) -> list[tuple[str, str]]:
    """(public id, e-mail or name) of members and service accounts, as many as a list can hold."""
    members = list_members(actor, Listing(limit=MAXIMUM_PAGE)).members
    accounts = list_service_accounts(
        actor, ListServiceAccounts(limit=MAXIMUM_PAGE)
    ).service_accounts
    return [
        *((member.person_id, member.email) for member in members),
        *((account.service_account_id, account.name) for account in accounts),
    ]


def grantee_choices(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """Whom a grant can be given to, under their kinds."""
    accounts = list_service_accounts(
        actor, ListServiceAccounts(limit=MAXIMUM_PAGE)
    ).service_accounts
    groups = list_groups(actor, Listing(limit=MAXIMUM_PAGE)).groups
    kinds = [
        ("People", [(member.person_id, member.email) for member in every_member(actor)]),
        ("Groups", [(group.group_id, group.name) for group in groups]),
        (
            "Service accounts",
            [(account.service_account_id, account.name) for account in accounts],
        ),
    ]
    return [(kind, choices) for kind, choices in kinds if choices]


def member_choices(actor: Actor) -> list[tuple[str, str]]:
    """(public id, e-mail) of the tenant's members; for its owners and admins."""
    return [(member.person_id, member.email) for member in list_member_choices(actor).members]


def known_folders(actor: Actor) -> list[str]:
    """Paths of existing folders to suggest: those in use on the first page and the topmost."""
    page = list_credentials(actor, ListCredentials(limit=MAXIMUM_PAGE))
    used = {credential.folder_path for credential in page.credentials if credential.folder_path}
    return sorted(used | set(page.folders))


def every_member(actor: Actor) -> list[MemberOut]:
    """All members to choose from, page by page; for owners and admins."""
    page = list_members(actor, Listing(limit=MAXIMUM_PAGE))
    found = list(page.members)
    while page.next_cursor:
        page = list_members(actor, Listing(limit=MAXIMUM_PAGE, cursor=page.next_cursor))
        found += page.members
    return found
