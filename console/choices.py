"""What forms offer to choose from, and whom members can ask."""

from access.actor import Actor
from access.levels import Role
from access.tenancy import acting_transaction
from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from foundation.db.ids import public_id
from foundation.db.paging import MAXIMUM_PAGE
from tenants.models import Agent, AgentState, Membership
from tenants.operations import list_groups, list_members, list_service_accounts
from tenants.shapes.fields import Listing
from tenants.shapes.members import MemberOut
from tenants.shapes.service_accounts import ListServiceAccounts


def agent_choices(actor: Actor) -> list[tuple[str, str]]:
    """(public id, name and person) of the tenant's agents; for its owners and admins."""
    with acting_transaction(actor):
        agents = (
            Agent.objects.of(actor)
            .exclude(state=AgentState.REMOVED)
            .select_related("person")
            .order_by("name", "created_at")
        )
        return [(public_id("agent", one.pk), f"{one.name} – {one.person.email}") for one in agents]


def subject_choices(actor: Actor) -> list[tuple[str, str]]:
    """(public id, e-mail or name) of members and service accounts, as many as a list can hold."""
    members = list_members(actor, Listing(limit=MAXIMUM_PAGE)).members
    accounts = list_service_accounts(actor, ListServiceAccounts(limit=MAXIMUM_PAGE))
    return [
        *((one.person_id, one.email) for one in members),
        *((one.service_account_id, one.name) for one in accounts.service_accounts),
    ]


def grantee_choices(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """Whom a grant can be given to, under their kinds."""
    accounts = list_service_accounts(actor, ListServiceAccounts(limit=MAXIMUM_PAGE))
    groups = list_groups(actor, Listing(limit=MAXIMUM_PAGE)).groups
    kinds = [
        ("People", [(one.person_id, one.email) for one in every_member(actor)]),
        ("Groups", [(one.group_id, one.name) for one in groups]),
        (
            "Service accounts",
            [(one.service_account_id, one.name) for one in accounts.service_accounts],
        ),
    ]
    return [(kind, choices) for kind, choices in kinds if choices]


def member_choices(actor: Actor) -> list[tuple[str, str]]:
    """(public id, e-mail) of the tenant's members; for its owners and admins."""
    members = Membership.objects.filter(
        tenant_id=actor.tenant_id, person__is_active=True
    ).select_related("person")
    return [
        (public_id("person", one.person_id), one.person.email)
        for one in members.order_by("person__email")
    ]


def known_folders(actor: Actor) -> list[str]:
    """Paths of existing folders to suggest: those in use on the first page and the topmost."""
    page = list_credentials(actor, ListCredentials(limit=MAXIMUM_PAGE))
    used = {one.folder_path for one in page.credentials if one.folder_path}
    return sorted(used | set(page.folders))


def admins(actor: Actor) -> list[Membership]:
    """The owners and admins whom a member can ask, owners first."""
    return list(
        Membership.objects.filter(
            tenant_id=actor.tenant_id,
            role__in=[role for role in Role if role.is_admin],
            suspended_at=None,
            person__is_active=True,
        )
        .select_related("person")
        .order_by("-role", "person__email")
    )


def every_member(actor: Actor) -> list[MemberOut]:
    """All members to choose from, page by page; for owners and admins."""
    page = list_members(actor, Listing(limit=MAXIMUM_PAGE))
    found = list(page.members)
    while page.next_cursor:
        page = list_members(actor, Listing(limit=MAXIMUM_PAGE, cursor=page.next_cursor))
        found += page.members
    return found
