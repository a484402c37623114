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
from credentials.person_requests import agents_of, own_requests, request_fields
from credentials.principals import Principal
from credentials.shapes.access_requests import AccessRequestOut
from foundation.db.ids import NO_ID, public_id
from tenants import decisions
from tenants.decisions import HISTORY, Requests, deciding_level, decision_url, may_decide
from tenants.models import Membership

WAITING = Q(state=RequestState.PENDING)


def all_requests(actor: Actor) -> TenantQuerySet[AccessRequest]:
    """The tenant's requests, with everything that an answer names but the agents."""
    return AccessRequest.objects.of(actor).select_related(
        "person", "credential__folder", "folder", "decided_by", "grant"
    )


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
    agents = agents_of(context.actor, requests)
    return [
        AccessRequestOut.model_validate(_fields(context, request, agents)) for request in requests
    ]


def earlier_requests(actor: Actor, request: AccessRequest) -> QuerySet[AccessRequest]:
    """The newest earlier requests of the same person for the same target."""
    rows = all_requests(actor).filter(person_id=request.person_id, pk__lt=request.pk)
    same = rows.filter(credential=request.credential, folder=request.folder)
    return same.order_by("-pk")[:HISTORY]


def _fields(
    context: CredentialContext, request: AccessRequest, agents: dict[UUID | None, str]
) -> dict[str, object]:
    grant = request.grant
    own = request.person_id == context.actor.person_id
    level = target_of(request).level(context.permissions)
    return {
        **request_fields(context, "req", request, agents),
        "key": request.credential.key if request.credential else None,
        "folder_path": request.folder.path if request.folder else None,
        "level": request.level,
        "duration_seconds": request.duration,
        "reason": request.reason,
        "grant_id": public_id("grant", grant.pk) if grant else None,
        "granted_level": grant.level if grant else None,
        "grant_ends_at": grant.expires_at if grant else None,
        "may_decide": request.state == RequestState.PENDING
        and may_decide(context, Action.DECIDE_ACCESS_REQUEST, level=level, own=own),
    }
