"""Grants: who may use what, given by those who hold at least as much."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.errors import NotFound
from access.ids import parse_public_id
from access.levels import Level
from access.paging import page
from access.tenancy import database_now
from audit.events import Event
from audit.recording import audited, reading
from credentials.granting import (
    Thing,
    drop_grant,
    find_thing,
    grant_out,
    look_at_thing,
    put_grant,
    require_may_give,
    require_on,
    require_one_thing,
    with_names,
)
from credentials.models import Grant
from credentials.policies import agent_ids
from credentials.rights import is_over, rights
from credentials.shapes import GiveGrant, GrantOut, GrantPage, ListGrants
from credentials.subjects import Subject, hold, named, require_named, subject_of
from credentials.terms import Terms
from tenants.standing import Standing, standing


def give_grant(actor: Actor, request: GiveGrant) -> GrantOut:
    """Give a level on a credential or folder, or change the grant that the subject has there.

    Needs `admin` there; nobody gives more than they hold. Giving less than before ends the leases
    that lived by it; giving the same again changes nothing.
    """
    require_one_thing(request.key, request.folder_path)
    subject = require_named(request)
    with audited(actor, Action.GIVE_GRANT, Event.GRANT_CREATED) as entry:
        stands = standing(actor)
        held = rights(actor, stands)
        hold(actor, subject)
        thing = find_thing(actor, held, entry, request.key, request.folder_path)
        agents = agent_ids(actor, request.agents)
        terms = Terms(
            Level.of(request.level),
            request.expires_at,
            None if agents is None else frozenset(agents),
        )
        require_may_give(actor, stands, held, thing, terms)
        grant = put_grant(actor, entry, subject, thing, terms)
        return grant_out(with_names(Grant.objects.of(actor)).get(pk=grant.pk))


def remove_grant(actor: Actor, grant_id: str) -> None:
    """Take a grant away; the leases that lived by it end in the same transaction."""
    with audited(actor, Action.REMOVE_GRANT, Event.GRANT_REMOVED) as entry:
        stands = standing(actor)
        held = rights(actor, stands)
        grant = _grant(actor, parse_public_id("grant", grant_id))
        require_on(Action.REMOVE_GRANT, held, Thing(grant.credential, grant.folder))
        hold(actor, subject_of(grant))
        drop_grant(actor, entry, grant, "grant removed", by_time=False)


def expire_due_grant(actor: Actor, grant_id: UUID) -> bool:
    """Tidy away a grant whose time is over; it gave nothing since then anyway. True if it was."""
    ended = False
    with audited(actor, Action.EXPIRE_DUE_GRANT, Event.GRANT_EXPIRED) as entry:
        rows = Grant.objects.of(actor).select_for_update(of=("self",), skip_locked=True)
        grant = rows.filter(pk=grant_id).select_related("credential", "folder").first()
        ended = grant is not None and is_over(grant.expires_at, database_now())
        if grant is None or not ended:
            entry.drop()
        else:
            drop_grant(actor, entry, grant, "grant expired", by_time=True)
    return ended


def list_grants(actor: Actor, request: ListGrants) -> GrantPage:
    """Grants on one credential or folder, of one subject, or all of the tenant.

    Those on a thing need `admin` on it; one's own are everybody's to see; the others are for
    owners and admins of the tenant.
    """
    with reading(actor, Action.LIST_GRANTS) as entry:
        stands = standing(actor)
        rows = with_names(Grant.objects.of(actor))
        subject = named(request)
        if subject is not None:
            rows = rows.filter(**subject.lookup)
        if request.key is None and request.folder_path is None:
            _require_own(actor, stands, subject)
        else:
            require_one_thing(request.key, request.folder_path)
            held = rights(actor, stands)
            thing = look_at_thing(actor, held, entry, request.key, request.folder_path)
            require_on(Action.LIST_GRANTS, held, thing)
            rows = rows.filter(credential=thing.credential, folder=thing.folder)
        shown, cursor = page(rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor)
        return GrantPage(grants=[grant_out(one) for one in shown], next_cursor=cursor)


def _require_own(actor: Actor, stands: Standing, subject: Subject | None) -> None:
    own = subject is not None and subject.id in {actor.person_id, actor.service_account_id}
    if not own:
        stands.require(Action.CHANGE_MEMBER)


def _grant(actor: Actor, grant_id: UUID) -> Grant:
    grant = with_names(Grant.objects.of(actor)).filter(pk=grant_id).first()
    if grant is None:
        raise NotFound("There is no such grant.")
    return grant
