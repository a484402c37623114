"""A person decides on a request for access; an approval is a grant."""

from datetime import timedelta

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from audit.events import Event
from audit.recording import EntryDraft, audited, record
from credentials.access_requests import (
    all_requests,
    describe,
    notify_requester,
    requests_out,
    target_of,
)
from credentials.grant_terms import Terms, ends_no_earlier, terms_of
from credentials.grants import grants_of, lock_target, require_can_grant, require_on, upsert_grant
from credentials.models import AccessRequest, Grant, RequestState
from credentials.permissions import read_permissions
from credentials.principals import Principal, lock_principal
from credentials.shapes.access_requests import AccessRequestOut, DecideAccessRequest
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict, Denied, Invalid, NotFound
from tenants.memberships import ActiveMembership, active_membership


def decide_access_request(actor: Actor, request: DecideAccessRequest) -> AccessRequestOut:
    """Approve or deny a request; whoever asked may not, unless the tenant allows it.

    Needs `admin` there. An approval gives the grant that was asked for, or less: a lower level, a
    shorter time. What the person was given there before is never made less by it.
    """
    event = Event.ACCESS_APPROVED if request.approve else Event.ACCESS_DENIED
    with audited(actor, Action.DECIDE_ACCESS_REQUEST, event) as entry:
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        wish = _hold_request(actor, request.request_id)
        describe(entry, wish)
        named = target_of(wish)
        require_on(Action.DECIDE_ACCESS_REQUEST, held, named)
        _require_open(actor, stands, wish)
        if request.approve:
            wish.grant = _give(actor, stands, entry, wish, _given(wish, request))
        elif request.level is not None or request.duration is not None:
            raise Invalid("level, duration: a refusal has none.", "level")
        wish.state = RequestState.APPROVED if request.approve else RequestState.DENIED
        wish.decided_by_id = actor.person_id
        wish.decided_at = database_now()
        wish.decision_reason = request.reason
        wish.save()
        notify_requester(actor, wish)
        entry.add_details(reason=request.reason)
        (shown,) = requests_out(actor, stands, held, [all_requests(actor).get(pk=wish.pk)])
        return shown


def _hold_request(actor: Actor, request_id: str) -> AccessRequest:
    """The request, locked after its asker's membership: whatever ends access starts there too."""
    rows = all_requests(actor).filter(pk=parse_public_id("req", request_id))
    found = rows.first()
    if found is None:
        raise NotFound("There is no such request.")
    if found.state == RequestState.PENDING:
        lock_principal(actor, Principal("person", found.person_id))
    return rows.locked().get()


def _require_open(actor: Actor, stands: ActiveMembership, wish: AccessRequest) -> None:
    if wish.person_id == actor.person_id and not stands.tenant.self_approval:
        raise Denied("Somebody else than the person who asked has to decide.")
    if wish.state != RequestState.PENDING:
        raise Conflict(f"This request is {wish.state} already.")


def _give(
    actor: Actor, stands: ActiveMembership, entry: EntryDraft, wish: AccessRequest, given: Terms
) -> Grant:
    held = read_permissions(actor, stands)
    path = wish.folder.path if wish.folder else None
    thing = lock_target(actor, held, entry, target_of(wish).key or None, path)
    asker = Principal("person", wish.person_id)
    grant = grants_of(actor, asker, thing).first()
    before = terms_of(grant) if grant else None
    terms = _joined(before, given, wish) if before else given
    if terms != before:
        require_can_grant(actor, stands, held, thing, terms)
    given_entry = EntryDraft(Event.GRANT_CREATED)
    grant = upsert_grant(actor, given_entry, asker, thing, terms)
    if not given_entry.discarded:
        record(actor, given_entry)
    return grant


def _given(wish: AccessRequest, request: DecideAccessRequest) -> Terms:
    """What is approved: what was asked for, or less of it."""
    asked = Level.of(wish.level)
    level = Level.of(request.level) if request.level else asked
    if level > asked:
        raise Invalid(f"level: at most {asked.word}, which was asked for.", "level")
    duration: int | None = request.duration or wish.duration
    if wish.duration is not None and duration is not None and duration > wish.duration:
        raise Invalid(f"duration: at most the {wish.duration} s asked for.", "duration")
    until = database_now() + timedelta(seconds=duration) if duration else None
    return Terms(level, until)


def _joined(before: Terms, given: Terms, wish: AccessRequest) -> Terms:
    """One grant is all that somebody can have on one thing: the higher and longer of the two.

    A higher level for less time would leave them with nothing afterwards, so it is refused.
    """
    longer = ends_no_earlier(before.until, given.until)
    if before.level >= given.level and longer:
        return _for_agent(before, before, wish)
    if given.level >= before.level and ends_no_earlier(given.until, before.until):
        return _for_agent(given, before, wish)
    raise Conflict(
        f"They hold {before.level.word} there for longer or higher, and would lose it.",
        hint="Approve it without an end, or change the grant itself.",
    )


def _for_agent(terms: Terms, before: Terms, wish: AccessRequest) -> Terms:
    """A grant that was limited to agents now counts for the one that asked as well."""
    if before.agents is None or wish.agent_id is None:
        return Terms(terms.level, terms.until)
    return Terms(terms.level, terms.until, before.agents | {wish.agent_id})
