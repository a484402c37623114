"""Requests for a missing credential: which of them somebody sees, their mails, and their time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from access.tenancy import TenantQuerySet
from audit.recording import EntryDraft
from credentials.context import CredentialContext
from credentials.models import CredentialRequest, RequestState
from credentials.person_requests import agents_of, own_requests, request_fields
from credentials.shapes.credential_requests import CredentialRequestOut
from foundation.db.clock import DatabaseClock, database_now, is_past
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import ApprovalPending, NotFound
from tenants import decisions
from tenants.decisions import Requests, deciding_level, decision_url, may_decide

REQUEST_LASTS = timedelta(days=7)
REFUSAL_LASTS = timedelta(minutes=15)
MOST_WAITING = 20
WAITING = Q(state=RequestState.PENDING, expires_at__gt=DatabaseClock())
PREFIX: Literal["creq"] = "creq"


def all_requests(actor: Actor) -> TenantQuerySet[CredentialRequest]:
    """The tenant's requests with the people that an answer names."""
    return CredentialRequest.objects.of(actor).select_related("person", "decided_by")


def requests_for_credentials(context: CredentialContext) -> Requests[CredentialRequest]:
    """The requests in the tenant, as this actor may see and fulfil them."""
    actor = context.actor
    level = deciding_level(Action.STORE_REQUESTED_CREDENTIAL)
    fulfillable = context.permissions.folders_at_least(level, "folder_path")
    return Requests(
        all_requests(actor), own_requests(actor), fulfillable, WAITING, own_allowed=True
    )


def find_request(
    context: CredentialContext, request_id: str, *, lock: bool = False
) -> CredentialRequest:
    """One's own request, or one in a folder in which one may store.

    NotFound for every other. A lock is held until the transaction ends.
    """
    rows = all_requests(context.actor).filter(pk=parse_public_id(PREFIX, request_id))
    found = (rows.locked() if lock else rows).first()
    if found is None or not (_is_own(context, found) or may_store(context, found)):
        raise NotFound("There is no such request.")
    return found


def may_store(context: CredentialContext, request: CredentialRequest) -> bool:
    """Whether the actor's level suffices to store a credential in the requested folder."""
    return _level(context, request) >= deciding_level(Action.STORE_REQUESTED_CREDENTIAL)


def _level(context: CredentialContext, request: CredentialRequest) -> Level:
    return context.permissions.on_folder(request.folder_path)


def _is_own(context: CredentialContext, request: CredentialRequest) -> bool:
    return context.actor.person_id == request.person_id


def describe(entry: EntryDraft, request: CredentialRequest) -> None:
    """Name a request and what it is for in an entry."""
    entry.set_fields(credential_key=request.key, purpose=request.reason)
    entry.add_details(
        request=public_id(PREFIX, request.pk),
        requester=str(request.person_id),
        folder=request.folder_path,
        type=request.type,
        destination=request.destination or None,
    )


def notify_deciders(actor: Actor, request: CredentialRequest) -> None:
    """Write the mails about a new request."""
    decisions.notify_deciders(
        actor,
        CredentialRequest.objects.of(actor).filter(own_requests(actor)),
        requester=request.person.email,
        subject=_subject(request),
        link=decision_url(PREFIX, request.pk),
    )


def notify_requester(actor: Actor, request: CredentialRequest) -> None:
    """Write the mail about a decision, unless the requester took it."""
    if actor.person_id != request.person_id:
        decisions.notify_requester(
            actor,
            request.person_id,
            approved=request.state == RequestState.APPROVED,
            subject=_subject(request),
            link=decision_url(PREFIX, request.pk),
        )


def _subject(request: CredentialRequest) -> str:
    return f"the new credential {request.key}"


def storing_pending(request: CredentialRequest) -> ApprovalPending:
    """What the agent is answered while nobody has stored the credential."""
    url = decision_url(PREFIX, request.pk)
    return ApprovalPending(
        "A person has to store this credential first.",
        hint=f"Ask the person who runs you to store it at {url}, where its value is typed, or to "
        "pass the address on to somebody who may. Never ask for the value in the conversation. "
        "Then make the identical call again.",
        approvalId=public_id(PREFIX, request.pk),
        approvalUrl=url,
    )


def requests_out(
    context: CredentialContext, requests: Sequence[CredentialRequest]
) -> list[CredentialRequestOut]:
    """Requests as lists show them."""
    agents, now = agents_of(context.actor, requests), database_now()
    return [
        CredentialRequestOut.model_validate(
            {
                **request_fields(context, PREFIX, request, agents),
                **_fields(context, request, lapsed=is_past(request.expires_at, now)),
            }
        )
        for request in requests
    ]


def _fields(
    context: CredentialContext, request: CredentialRequest, *, lapsed: bool
) -> dict[str, Any]:
    state = _state(request, lapsed=lapsed)
    level, store = _level(context, request), Action.STORE_REQUESTED_CREDENTIAL
    return {
        "state": state,
        "key": request.key,
        "type": request.type,
        "folder_path": request.folder_path,
        "purpose": request.reason,
        "destination": request.destination or None,
        "expires_at": request.expires_at,
        "may_decide": state == "waiting" and may_decide(context, store, level=level, own=False),
    }


def _state(request: CredentialRequest, *, lapsed: bool) -> str:
    if request.state == RequestState.PENDING:
        return "lapsed" if lapsed else "waiting"
    return "stored" if request.state == RequestState.APPROVED else request.state
