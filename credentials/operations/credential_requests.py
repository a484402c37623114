"""Requests for a credential that does not exist: made by agents, fulfilled by people."""

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.context import CredentialContext, operation
from credentials.credential_requests import (
    MOST_WAITING,
    REFUSAL_LASTS,
    REQUEST_LASTS,
    WAITING,
    all_requests,
    describe,
    find_request,
    may_store,
    notify_deciders,
    notify_requester,
    requests_for_credentials,
    requests_out,
    storing_pending,
)
from credentials.disclosed_values import refuse_disclosed
from credentials.models import Credential, CredentialRequest, RequestState, State, VersionState
from credentials.operations.credentials import check_secret, store_credential
from credentials.permissions import CREDENTIAL_BY_KEY
from credentials.person_requests import own_requests, withdraw
from credentials.policy_changes import require_policy_allowed
from credentials.serializers import credential_fields, credential_out
from credentials.shapes.credential_requests import (
    CredentialRequestOut,
    CredentialRequestPageOut,
    DeclineCredentialRequest,
    ListCredentialRequests,
    RequestCredential,
    RequestedCredentialOut,
    StoreRequestedCredential,
)
from credentials.shapes.credentials import CredentialOut
from foundation.db.clock import database_now, is_past
from foundation.db.prepared import fetch
from foundation.errors import Conflict, Denied, Invalid, QuotaExceeded
from tenants.decisions import list_requests

SAME = ("type", "folder_path", "destination")  # of the request that an identical call finds
STORED_UNSEEN = "The credential was stored, but you may not see it."
NEXT_STEPS = {
    Level.VIEWER: "It exists, but you may not lease it; ask with vault.request_access.",
    Level.USER: "It exists: lease it with vault.lease_credential.",
}


@operation(Action.REQUEST_CREDENTIAL, Event.ACCESS_REQUESTED)
def request_credential(
    context: CredentialContext, request: RequestCredential
) -> RequestedCredentialOut:
    """Ask people to store a credential that does not exist; answers it when it does.

    Until somebody has stored it, ApprovalPending with the page on which they do. Denied for a
    while after a person refused. Whether a key exists that the actor may not see is not told.
    """
    actor = context.actor
    context.require_membership()
    refuse_disclosed(actor, purpose=request.purpose)
    context.entry.set_fields(purpose=request.purpose)
    if actor.service_account_id is not None or actor.allowed_credentials is not None:
        raise Denied("Only people and their agents can ask for a credential to be stored.")
    visible = _visible_credential(context, request.key)
    if visible is not None:
        _note_fulfilled(context, visible)
        return _visible_out(context, visible)
    _require_not_answered(actor, request)
    kept, is_new = _save_once(context, request)
    describe(context.entry, kept)
    if not is_new:
        context.entry.discard()
    elif not may_store(context, kept):
        notify_deciders(actor, kept)
    raise storing_pending(kept)


def _visible_credential(context: CredentialContext, key: str) -> Credential | None:
    found = fetch(CREDENTIAL_BY_KEY(tenant=context.actor.tenant_id, key=key))
    return next((row for row in found if context.permissions.on(row) >= Level.VIEWER), None)


def _visible_out(context: CredentialContext, credential: Credential) -> RequestedCredentialOut:
    """The credential, with what to call next."""
    level = context.permissions.on(credential)
    step = NEXT_STEPS[min(level, Level.USER)]
    if credential.state != State.ACTIVE:
        step = f"It exists, but it is {credential.state}; tell the person."
    versions = credential.versions.filter(state=VersionState.CURRENT)
    current = versions.values_list("number", flat=True).first()
    fields = credential_fields(credential, current, level, context.membership.tenant)
    return RequestedCredentialOut.model_validate({**fields, "next_step": step})


def _own(actor: Actor, key: str) -> TenantQuerySet[CredentialRequest]:
    """The requests of this person through this agent for that key."""
    rows = all_requests(actor).filter(own_requests(actor), key=key)
    return rows.filter(agent_id=actor.agent_id)


def _note_fulfilled(context: CredentialContext, credential: Credential) -> None:
    """A credential that was stored otherwise fulfils the request, too."""
    waiting = _own(context.actor, credential.key).filter(state=RequestState.PENDING).locked()
    asked = waiting.first()
    if asked is None:
        context.entry.discard()
        return
    context.entry.event = Event.ACCESS_APPROVED
    describe(context.entry, asked)
    asked.state, asked.credential = RequestState.APPROVED, credential
    asked.decided_at = database_now()
    asked.save(update_fields=["state", "credential", "decided_at"])


def _require_not_answered(actor: Actor, request: RequestCredential) -> None:
    """Refuse for a while what a person refused, or stored where the requester does not see it."""
    since = database_now() - REFUSAL_LASTS
    answered = _own(actor, request.key).filter(decided_at__gt=since).order_by("-decided_at")
    last = answered.exclude(state=RequestState.WITHDRAWN).first()
    if last is None:
        return
    if last.state == RequestState.DENIED:
        raise Denied(f"A person refused this request: {last.decision_reason or 'no reason'}.")
    raise Denied(STORED_UNSEEN, hint="Tell the person; an owner or admin can grant access.")


def _save_once(
    context: CredentialContext, request: RequestCredential
) -> tuple[CredentialRequest, bool]:
    """The request that waits for this key, and whether it is new.

    Of two at the same moment one row wins, and both callers are answered with it.
    """
    actor = context.actor
    pending = _own(actor, request.key).filter(state=RequestState.PENDING)
    now = database_now()
    pending.filter(expires_at__lte=now).update(
        state=RequestState.WITHDRAWN, decision_reason="not stored in time"
    )
    wanted = CredentialRequest(
        tenant_id=actor.tenant_id,
        person_id=actor.person,
        agent_id=actor.agent_id,
        key=request.key,
        type=request.type,
        folder_path=request.folder_path,
        destination=request.destination or "",
        reason=request.purpose,
        expires_at=now + REQUEST_LASTS,
    )
    if not pending.exists():
        _require_few_waiting(actor)
        CredentialRequest.objects.bulk_create([wanted], ignore_conflicts=True)
    kept = pending.get()
    if any(getattr(kept, name) != getattr(wanted, name) for name in SAME):
        raise Conflict(
            "Another request of yours for this key is already waiting.",
            hint="Repeat the identical call, or ask the person to withdraw the first request.",
        )
    return kept, kept.pk == wanted.pk


def _require_few_waiting(actor: Actor) -> None:
    """An agent that keeps asking must not bury the people who decide."""
    waiting = all_requests(actor).filter(WAITING, own_requests(actor), agent_id=actor.agent_id)
    if waiting.count() >= MOST_WAITING:
        raise QuotaExceeded(f"{MOST_WAITING} requests of this agent already wait.", retryAfter=60)


@operation(Action.LIST_CREDENTIAL_REQUESTS)
def list_credential_requests(
    context: CredentialContext, request: ListCredentialRequests
) -> CredentialRequestPageOut:
    """Requests that one made oneself or could fulfil, newest first."""
    shown, waiting_for_me, cursor = list_requests(
        context, Action.STORE_REQUESTED_CREDENTIAL, requests_for_credentials(context), request
    )
    return CredentialRequestPageOut(
        requests=requests_out(context, shown), waiting_for_me=waiting_for_me, next_cursor=cursor
    )


@operation(Action.SHOW_CREDENTIAL_REQUEST)
def show_credential_request(context: CredentialContext, request_id: str) -> CredentialRequestOut:
    """One request: one's own, or one in a folder in which one may store."""
    context.require_membership()
    return _request_out(context, find_request(context, request_id))


@operation(Action.STORE_REQUESTED_CREDENTIAL, Event.ACCESS_APPROVED, check=check_secret)
def store_requested_credential(
    context: CredentialContext, request: StoreRequestedCredential
) -> CredentialOut:
    """Store the credential that a request is for; everything but its key may differ.

    Needs `manager` on the requested folder and on the one it is stored in. Raises what storing
    raises; Conflict when the request waits no longer.
    """
    asked = _lock_waiting(context, request.request_id)
    if request.key != asked.key:
        raise Invalid("key: the one that was requested.", "key")
    level = context.require_folder(request.folder_path)
    require_policy_allowed(context, request, level)
    entry = EntryDraft(Event.CREDENTIAL_CREATED)
    credential, version = store_credential(context, entry, request)
    record(context.actor, entry)
    asked.credential = credential
    context.entry.set_fields(credential_id=credential.pk)
    _decide(context, asked, RequestState.APPROVED)
    return credential_out(credential, version.number, level, context.membership.tenant)


@operation(Action.DECLINE_CREDENTIAL_REQUEST, Event.ACCESS_DENIED)
def decline_credential_request(
    context: CredentialContext, request: DeclineCredentialRequest
) -> CredentialRequestOut:
    """Refuse a request with a reason, which the requester's identical call is answered with."""
    asked = _lock_waiting(context, request.request_id)
    asked.decision_reason = request.reason
    context.entry.add_details(reason=request.reason)
    _decide(context, asked, RequestState.DENIED)
    return _request_out(context, asked)


def _lock_waiting(context: CredentialContext, request_id: str) -> CredentialRequest:
    """The request, which waits and on which the actor may decide."""
    context.require_membership()
    asked = find_request(context, request_id, lock=True)
    context.reread_permissions()
    describe(context.entry, asked)
    context.require_folder(asked.folder_path)
    if asked.state != RequestState.PENDING or is_past(asked.expires_at, database_now()):
        raise Conflict("This request waits no longer.")
    return asked


def _decide(context: CredentialContext, asked: CredentialRequest, state: RequestState) -> None:
    asked.state = state
    asked.decided_by_id = context.actor.person_id
    asked.decided_at = database_now()
    asked.save()
    notify_requester(context.actor, asked)


@operation(Action.WITHDRAW_CREDENTIAL_REQUEST, Event.ACCESS_WITHDRAWN)
def withdraw_credential_request(
    context: CredentialContext, request_id: str
) -> CredentialRequestOut:
    """Withdraw one's own request before anybody decided on it. Idempotent."""
    context.require_membership()
    asked = find_request(context, request_id, lock=True)
    describe(context.entry, asked)
    if asked.person_id != context.actor.person_id:
        raise Denied("Only whoever made a request can withdraw it.")
    refusal = "This request was decided; only a waiting one can be withdrawn."
    withdraw(context.entry, asked, refusal=refusal)
    return _request_out(context, asked)


def _request_out(context: CredentialContext, request: CredentialRequest) -> CredentialRequestOut:
    (shown,) = requests_out(context, [request])
    return shown
