"""What requests for access and requests for a missing credential have in common."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from access.actor import Actor
from audit.recording import EntryDraft
from credentials.context import CredentialContext
from credentials.models import PersonsRequest, RequestState
from credentials.shapes.grants import SubjectOut
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.errors import Conflict
from tenants.models import Agent

_STATES = {RequestState.PENDING: "waiting"}


def own_requests(actor: Actor) -> Q:
    """The condition for requests that the actor made; service accounts make none."""
    return Q(person_id=actor.person_id) if actor.person_id else Q(pk=None)


def agents_of(actor: Actor, requests: Sequence[PersonsRequest]) -> dict[UUID | None, str]:
    """The names of the agents through which the requests were made."""
    ids = {request.agent_id for request in requests if request.agent_id}
    return dict(Agent.objects.of(actor).filter(pk__in=ids).values_list("pk", "name"))


def withdraw(entry: EntryDraft, request: PersonsRequest, *, refusal: str) -> None:
    """Withdraw a locked request of one's own. Idempotent; Conflict when it was decided."""
    if request.state == RequestState.WITHDRAWN:
        entry.discard()
    elif request.state == RequestState.PENDING:
        request.state = RequestState.WITHDRAWN
        request.decided_at = database_now()
        request.save(update_fields=["state", "decided_at"])
    else:
        raise Conflict(refusal)


def request_fields(
    context: CredentialContext,
    prefix: str,
    request: PersonsRequest,
    agents: dict[UUID | None, str],
) -> dict[str, Any]:
    """The members that every answer about a request has; needs the rows of its people."""
    requester = request.person
    return {
        "request_id": public_id(prefix, request.pk),
        "state": _STATES.get(RequestState(request.state), request.state),
        "asker": SubjectOut(
            kind="person", id=public_id("person", requester.pk), name=requester.email
        ),
        "agent_id": public_id("agent", request.agent_id) if request.agent_id else None,
        "agent": agents.get(request.agent_id),
        "requested_at": request.requested_at,
        "decided_at": request.decided_at,
        "decided_by": request.decided_by.email if request.decided_by else None,
        "decision_reason": request.decision_reason,
        "mine": request.person_id == context.actor.person_id,
    }
