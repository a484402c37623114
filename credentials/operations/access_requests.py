"""Requests for access: made, listed, withdrawn, and decided by a person; approval makes a grant."""

from datetime import timedelta

from access.actions import Action
from access.levels import Level
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.access_requests import (
    WAITING,
    all_requests,
    describe,
    earlier_requests,
    level_of_requester,
    notify_deciders,
    notify_requester,
    requests_for_access,
    requests_out,
    target_of,
)
from credentials.context import CredentialContext, operation
from credentials.disclosed_values import refuse_disclosed
from credentials.grant_terms import Terms, ends_no_earlier
from credentials.grants import (
    find_target,
    grants_of,
    require_can_grant,
    require_on,
    require_one_target,
    upsert_grant,
)
from credentials.models import AccessRequest, Grant, RequestState
from credentials.person_requests import own_requests, withdraw
from credentials.principals import Principal, lock_principal
from credentials.shapes.access_requests import (
    AccessRequestDetailOut,
    AccessRequestOut,
    AccessRequestPageOut,
    DecideAccessRequest,
    ListAccessRequests,
    RequestAccess,
)
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded
from tenants.decisions import list_requests, require_not_own

MOST_WAITING = 20


def _check_target(request: RequestAccess) -> None:
    require_one_target(request.key, request.folder_path)


@operation(Action.REQUEST_ACCESS, Event.ACCESS_REQUESTED, check=_check_target)
def request_access(context: CredentialContext, request: RequestAccess) -> AccessRequestOut:
    """Request a level on a credential or folder that one sees; a person decides.

    Requesting the same again answers the request that is already waiting.
    """
    context.require_membership()
    actor = context.actor
    refuse_disclosed(actor, reason=request.reason)
    if actor.service_account_id is not None:
        raise Denied("A service account cannot request access; an owner or admin grants it.")
    target = find_target(context, request.key, request.folder_path, lock=True)
    wanted = AccessRequest(
        tenant_id=actor.tenant_id,
        person_id=actor.person,
        agent_id=actor.agent_id,
        credential=target.credential,
        folder=target.folder,
        level=request.level,
        duration=request.duration,
        reason=request.reason,
    )
    kept = _save_once(context, wanted)
    describe(context.entry, kept)
    if kept.pk == wanted.pk:
        notify_deciders(actor, kept)
    else:
        context.entry.discard()
    return _request_out(context, kept)


def _save_once(context: CredentialContext, wanted: AccessRequest) -> AccessRequest:
    """The request itself, or the one that is already waiting for the same.

    Of two at the same moment one row wins, and both callers are answered with it.
    """
    mine = all_requests(context.actor).filter(WAITING, own_requests(context.actor))
    same = mine.filter(credential=wanted.credential, folder=wanted.folder)
    if not same.exists():
        if mine.count() >= MOST_WAITING:
            raise QuotaExceeded(f"{MOST_WAITING} of your requests already wait.", retryAfter=60)
        AccessRequest.objects.bulk_create([wanted], ignore_conflicts=True)
    kept = same.get()
    if (kept.level, kept.duration) != (wanted.level, wanted.duration):
        raise Conflict(
            "Another request of yours for this is already waiting.",
            hint="Withdraw it first, or wait for its decision.",
        )
    return kept


@operation(Action.LIST_ACCESS_REQUESTS)
def list_access_requests(
    context: CredentialContext, request: ListAccessRequests
) -> AccessRequestPageOut:
    """Requests that one made oneself or could decide on, newest first."""
    shown, waiting_for_me, cursor = list_requests(
        context, Action.DECIDE_ACCESS_REQUEST, requests_for_access(context), request
    )
    return AccessRequestPageOut(
        requests=requests_out(context, shown), waiting_for_me=waiting_for_me, next_cursor=cursor
    )


@operation(Action.SHOW_ACCESS_REQUEST)
def show_access_request(context: CredentialContext, request_id: str) -> AccessRequestDetailOut:
    """One request with the requester's present level and their earlier requests.

    Visible to the requester and to anyone with `admin` on what it is about.
    """
    context.require_membership()
    found = all_requests(context.actor).filter(pk=parse_public_id("req", request_id)).first()
    if found is None:
        raise NotFound("There is no such request.")
    context.entry.set_fields(credential_id=found.credential_id)
    if found.person_id != context.actor.person_id:
        require_on(context, target_of(found))
    level = level_of_requester(context.actor, found)
    return AccessRequestDetailOut.model_validate(
        {
            **_request_out(context, found).model_dump(),
            "held_level": level.word if level else None,
            "history": requests_out(context, list(earlier_requests(context.actor, found))),
        }
    )


def _decision_event(request: DecideAccessRequest) -> Event:
    return Event.ACCESS_APPROVED if request.approve else Event.ACCESS_DENIED


@operation(Action.DECIDE_ACCESS_REQUEST, _decision_event)
def decide_access_request(
    context: CredentialContext, request: DecideAccessRequest
) -> AccessRequestOut:
    """Approve or deny a request; not one's own, unless the tenant allows it.

    Needs `admin` on the target. An approval gives the requested grant or less: a lower level, a
    shorter time. It never reduces what the person already has there.
    """
    actor = context.actor
    context.require_membership()
    asked = _lock_request(context, request.request_id)
    describe(context.entry, asked)
    require_on(context, target_of(asked))
    require_not_own(context.membership.tenant, own=asked.person_id == actor.person_id)
    if asked.state != RequestState.PENDING:
        raise Conflict(f"This request is {asked.state} already.")
    if request.approve:
        context.reread_permissions()
        asked.grant = _grant(context, asked, _approved_terms(asked, request))
    elif request.level is not None or request.duration is not None:
        raise Invalid("level, duration: a refusal has none.", "level")
    asked.state = RequestState.APPROVED if request.approve else RequestState.DENIED
    asked.decided_by_id = actor.person_id
    asked.decided_at = database_now()
    asked.decision_reason = request.reason
    asked.save()
    notify_requester(actor, asked)
    context.entry.add_details(reason=request.reason)
    return _request_out(context, all_requests(actor).get(pk=asked.pk))


def _lock_request(context: CredentialContext, request_id: str) -> AccessRequest:
    """The request, locked after its requester's membership, as whatever ends access does too."""
    rows = all_requests(context.actor).filter(pk=parse_public_id("req", request_id))
    found = rows.first()
    if found is None:
        raise NotFound("There is no such request.")
    if found.state == RequestState.PENDING:
        lock_principal(context.actor, Principal("person", found.person_id))
    return rows.locked().get()


def _grant(context: CredentialContext, asked: AccessRequest, approved: Terms) -> Grant:
    """Give the requester what is approved, joined with what they already have there."""
    path = asked.folder.path if asked.folder else None
    target = find_target(context, target_of(asked).key or None, path, lock=True)
    requester = Principal("person", asked.person_id)
    grant = grants_of(context.actor, requester, target).first()
    before = Terms.of(grant) if grant else None
    terms = _joined(before, approved, asked) if before else approved
    if terms != before:
        require_can_grant(context, target, terms)
    entry = EntryDraft(Event.GRANT_CREATED)
    grant = upsert_grant(context.actor, entry, requester, target, terms)
    if not entry.discarded:
        record(context.actor, entry)
    return grant


def _approved_terms(asked: AccessRequest, request: DecideAccessRequest) -> Terms:
    """What was requested, or less of it."""
    wanted = Level.of(asked.level)
    level = Level.of(request.level) if request.level else wanted
    if level > wanted:
        raise Invalid(f"level: at most {wanted.word}, which was asked for.", "level")
    duration: int | None = request.duration or asked.duration
    if asked.duration is not None and duration is not None and duration > asked.duration:
        raise Invalid(f"duration: at most the {asked.duration} s asked for.", "duration")
    until = database_now() + timedelta(seconds=duration) if duration else None
    return Terms(level, until)


def _joined(before: Terms, approved: Terms, asked: AccessRequest) -> Terms:
    """The higher and longer of the two, because a person has one grant on a target at most.

    A higher level for less time would leave them with nothing afterwards, so it is refused.
    """
    if before.level >= approved.level and ends_no_earlier(before.until, approved.until):
        return _for_agent(before, before, asked)
    if approved.level >= before.level and ends_no_earlier(approved.until, before.until):
        return _for_agent(approved, before, asked)
    raise Conflict(
        f"They hold {before.level.word} there for longer or higher, and would lose it.",
        hint="Approve it without an end, or change the grant itself.",
    )


def _for_agent(terms: Terms, before: Terms, asked: AccessRequest) -> Terms:
    """Add the requesting agent to a grant that was limited to other agents."""
    if before.agents is None or asked.agent_id is None:
        return Terms(terms.level, terms.until)
    return Terms(terms.level, terms.until, before.agents | {asked.agent_id})


@operation(Action.WITHDRAW_ACCESS_REQUEST, Event.ACCESS_WITHDRAWN)
def withdraw_access_request(context: CredentialContext, request_id: str) -> AccessRequestOut:
    """Withdraw one's own request before anybody decided on it. Idempotent."""
    context.require_membership()
    rows = all_requests(context.actor).locked().filter(own_requests(context.actor))
    found = rows.filter(pk=parse_public_id("req", request_id)).first()
    if found is None:
        raise NotFound("There is no such request.")
    describe(context.entry, found)
    refusal = f"This request is {found.state}; only a waiting one can be withdrawn."
    withdraw(context.entry, found, refusal=refusal)
    return _request_out(context, found)


def _request_out(context: CredentialContext, request: AccessRequest) -> AccessRequestOut:
    (shown,) = requests_out(context, [request])
    return shown
