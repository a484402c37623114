"""Requests for access: which of them somebody sees, what they are about, and their mails."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from access.tenancy import TenantQuerySet
from audit.recording import EntryDraft
from credentials.access_paths import read_access_paths
from credentials.context import CredentialContext
from credentials.grants import GrantTarget
from credentials.models import AccessRequest, RequestState
from credentials.principals import Principal
from credentials.shapes.access_requests import AccessRequestOut
from credentials.shapes.grants import SubjectOut
from foundation.db.ids import NO_ID, public_id
from tenants import decisions
from tenants.decisions import HISTORY, Requests, deciding_level, decision_url, may_decide
from tenants.models import Agent, Membership

WAITING = Q(state=RequestState.PENDING)
_STATES = {RequestState.PENDING: "waiting"}


def all_requests(actor: Actor) -> TenantQuerySet[AccessRequest]:
    """The tenant's requests, with everything that an answer names but the agents."""
    return AccessRequest.objects.of(actor).select_related(
        "person", "credential__folder", "folder", "decided_by", "grant"
    )


def own_requests(actor: Actor) -> Q:
    """The condition for requests that the actor made; service accounts make none."""
    return Q(person_id=actor.person_id) if actor.person_id else Q(pk=None)


def requests_for_access(context: CredentialContext) -> Requests[AccessRequest]:
    """The requests in the tenant, as this actor may see and decide them."""
    actor, permissions = context.actor, context.permissions
    level = deciding_level(Action.DECIDE_ACCESS_REQUEST)
    on_credentials = permissions.at_least(level, "credential__")
    decidable = on_credentials | permissions.folders_at_least(level, "folder__path")
    return Requests(all_requests(actor), own_requests(actor), decidable, WAITING)


def target_of(request: AccessRequest) -> GrantTarget:
    """What the request is about."""
    return GrantTarget(request.credential, request.folder)


def describe(entry: EntryDraft, request: AccessRequest) -> None:
    """Name a request, its requester and its target in an entry."""
    entry.set_fields(
        credential_id=request.credential_id,
        credential_key=request.credential.key if request.credential else "",
    )
    entry.add_details(
        request=public_id("req", request.pk),
        requester=str(request.person_id),
        folder=request.folder.path if request.folder else None,
        level=request.level,
        duration=request.duration,
    )


def notify_deciders(actor: Actor, request: AccessRequest) -> None:
    """Write the mails about a new request."""
    decisions.notify_deciders(
        actor,
        AccessRequest.objects.of(actor).filter(own_requests(actor)),
        requester=request.person.email,
        subject=_subject(request),
        link=decision_url("req", request.pk),
    )


def notify_requester(actor: Actor, request: AccessRequest) -> None:
    """Write the mail about a decision."""
    decisions.notify_requester(
        actor,
        request.person_id,
        approved=request.state == RequestState.APPROVED,
        subject=_subject(request),
        link=decision_url("req", request.pk),
    )


def _subject(request: AccessRequest) -> str:
    target = target_of(request)
    name = target.key or f"the folder {target.path or '/'}"
    return f"the level {request.level} on {name}"


def level_of_requester(actor: Actor, request: AccessRequest) -> Level:
    """The requester's present level on the target, through the agent that they used, if any."""
    members = Membership.objects.filter(tenant_id=actor.tenant_id, suspended_at=None)
    if not members.filter(person_id=request.person_id).exists():
        return Level.NONE
    requester = Principal("person", request.person_id)
    paths = read_access_paths(actor, [requester]).through(request.agent_id or NO_ID)
    return target_of(request).level(paths.permissions(requester))


def requests_out(
    context: CredentialContext, requests: Sequence[AccessRequest]
) -> list[AccessRequestOut]:
    """Requests as lists show them."""
    ids = {request.agent_id for request in requests if request.agent_id}
    agents: dict[UUID | None, str] = dict(
        Agent.objects.of(context.actor).filter(pk__in=ids).values_list("pk", "name")
    )
    return [
        AccessRequestOut.model_validate(
            {**_facts(context, request), "agent": agents.get(request.agent_id)}
        )
        for request in requests
    ]


def earlier_requests(actor: Actor, request: AccessRequest) -> QuerySet[AccessRequest]:
    """The newest earlier requests of the same person for the same target."""
    rows = all_requests(actor).filter(person_id=request.person_id, pk__lt=request.pk)
    same = rows.filter(credential=request.credential, folder=request.folder)
    return same.order_by("-pk")[:HISTORY]


def _facts(context: CredentialContext, request: AccessRequest) -> dict[str, object]:
    requester, grant = request.person, request.grant
    own = request.person_id == context.actor.person_id
    level = target_of(request).level(context.permissions)
    return {
        "request_id": public_id("req", request.pk),
        "state": _STATES.get(RequestState(request.state), request.state),
        "asker": SubjectOut(
            kind="person", id=public_id("person", requester.pk), name=requester.email
        ),
        "agent_id": public_id("agent", request.agent_id) if request.agent_id else None,
        "key": request.credential.key if request.credential else None,
        "folder_path": request.folder.path if request.folder else None,
        "level": request.level,
        "duration_seconds": request.duration,
        "reason": request.reason,
        "requested_at": request.requested_at,
        "decided_at": request.decided_at,
        "decided_by": request.decided_by.email if request.decided_by else None,
        "decision_reason": request.decision_reason,
        "grant_id": public_id("grant", grant.pk) if grant else None,
        "granted_level": grant.level if grant else None,
        "grant_ends_at": grant.expires_at if grant else None,
        "mine": own,
        "may_decide": request.state == RequestState.PENDING
        and may_decide(context, Action.DECIDE_ACCESS_REQUEST, level=level, own=own),
    }
