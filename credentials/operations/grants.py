"""Grants: who may use what, given by those who hold at least as much."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from audit.events import Event
from audit.recording import audited, read_only
from credentials.grant_terms import Terms
from credentials.grants import (
    GrantTarget,
    delete_grant,
    find_target,
    grant_out,
    lock_target,
    require_can_grant,
    require_on,
    require_one_target,
    upsert_grant,
    with_names,
)
from credentials.models import Grant
from credentials.permissions import read_permissions
from credentials.policies import agent_ids
from credentials.principals import (
    Principal,
    lock_principal,
    named_principal,
    principal_of,
    require_one_principal,
)
from credentials.shapes.credentials import GiveGrant, GrantOut, GrantPageOut, ListGrants
from foundation.db.clock import database_now, is_past
from foundation.db.ids import parse_public_id
from foundation.db.paging import page
from foundation.errors import NotFound
from tenants.memberships import ActiveMembership, active_membership


def give_grant(actor: Actor, request: GiveGrant) -> GrantOut:
    """Give a level on a credential or folder, or change the grant that the subject has there.

    Needs `admin` there; nobody gives more than they hold. Giving less than before ends the leases
    that lived by it; giving the same again changes nothing.
    """
    require_one_target(request.key, request.folder_path)
    subject = require_one_principal(request)
    with audited(actor, Action.GIVE_GRANT, Event.GRANT_CREATED) as entry:
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        lock_principal(actor, subject)
        thing = lock_target(actor, held, entry, request.key, request.folder_path)
        agents = agent_ids(actor, request.agents)
        terms = Terms(
            Level.of(request.level),
            request.expires_at,
            None if agents is None else frozenset(agents),
        )
        require_can_grant(actor, stands, held, thing, terms)
        grant = upsert_grant(actor, entry, subject, thing, terms)
        return grant_out(with_names(Grant.objects.of(actor)).get(pk=grant.pk))


def remove_grant(actor: Actor, grant_id: str) -> None:
    """Take a grant away; the leases that lived by it end in the same transaction."""
    with audited(actor, Action.REMOVE_GRANT, Event.GRANT_REMOVED) as entry:
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        grant = _grant(actor, parse_public_id("grant", grant_id))
        require_on(Action.REMOVE_GRANT, held, GrantTarget(grant.credential, grant.folder))
        lock_principal(actor, principal_of(grant))
        delete_grant(actor, entry, grant, "grant removed", by_time=False)


def expire_due_grant(actor: Actor, grant_id: UUID) -> bool:
    """Tidy away a grant whose time is over; it gave nothing since then anyway. True if it was."""
    ended = False
    with audited(actor, Action.EXPIRE_DUE_GRANT, Event.GRANT_EXPIRED) as entry:
        rows = Grant.objects.of(actor).select_for_update(of=("self",), skip_locked=True)
        grant = rows.filter(pk=grant_id).select_related("credential", "folder").first()
        ended = grant is not None and is_past(grant.expires_at, database_now())
        if grant is None or not ended:
            entry.discard()
        else:
            delete_grant(actor, entry, grant, "grant expired", by_time=True)
    return ended


def list_grants(actor: Actor, request: ListGrants) -> GrantPageOut:
    """Grants on one credential or folder, of one subject, or all of the tenant.

    Those on a thing need `admin` on it; one's own are everybody's to see; the others are for
    owners and admins of the tenant.
    """
    with read_only(actor, Action.LIST_GRANTS) as entry:
        stands = active_membership(actor)
        rows = with_names(Grant.objects.of(actor))
        subject = named_principal(request)
        if subject is not None:
            rows = rows.filter(**subject.lookup)
        if request.key is None and request.folder_path is None:
            _require_own(actor, stands, subject)
        else:
            require_one_target(request.key, request.folder_path)
            held = read_permissions(actor, stands)
            thing = find_target(actor, held, entry, request.key, request.folder_path)
            require_on(Action.LIST_GRANTS, held, thing)
            rows = rows.filter(credential=thing.credential, folder=thing.folder)
        shown, cursor = page(rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor)
        return GrantPageOut(grants=[grant_out(one) for one in shown], next_cursor=cursor)


def _require_own(actor: Actor, stands: ActiveMembership, subject: Principal | None) -> None:
    own = subject is not None and subject.id in {actor.person_id, actor.service_account_id}
    if not own:
        stands.require(Action.CHANGE_MEMBER)


def _grant(actor: Actor, grant_id: UUID) -> Grant:
    grant = with_names(Grant.objects.of(actor)).filter(pk=grant_id).first()
    if grant is None:
        raise NotFound("There is no such grant.")
    return grant
