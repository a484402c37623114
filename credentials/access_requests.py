"""Requests for access: which of them somebody sees, and how they are answered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level, Role
from access.tenancy import TenantQuerySet
from audit.recording import EntryDraft
from credentials.grants import GrantTarget, level_on
from credentials.models import AccessRequest, RequestState
from credentials.permissions import Permissions, read_permissions
from credentials.shapes.access_requests import AccessRequestOut
from credentials.shapes.credentials import SubjectOut
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from tenants.memberships import ActiveMembership
from tenants.models import Agent, Membership
from tenants.notifications import notify_of_decision, notify_of_request

WAITING = Q(state=RequestState.PENDING)
MOST_MAILS, MAILS_PER = 10, timedelta(hours=1)
_STATES = {RequestState.PENDING: "waiting"}
_LEVEL = RULES[Action.DECIDE_ACCESS_REQUEST].level or Level.ADMIN


def all_requests(actor: Actor) -> TenantQuerySet[AccessRequest]:
    """The tenant's requests, with all that an answer names but the agents."""
    return AccessRequest.objects.of(actor).select_related(
        "person", "credential__folder", "folder", "decided_by", "grant"
    )


def own_requests(actor: Actor) -> Q:
    """The condition for requests that the actor made; machines make none."""
    return Q(person_id=actor.person_id) if actor.person_id else Q(pk=None)


def decidable_requests(held: Permissions) -> Q:
    """The condition for requests about what the actor holds `admin` on."""
    on_credentials = held.at_least(_LEVEL, "credential__")
    return on_credentials | held.folders_at_least(_LEVEL, "folder__path")


def can_decide_on_channel(actor: Actor) -> bool:
    """Whether decisions are made through this door at all."""
    return actor.channel in RULES[Action.DECIDE_ACCESS_REQUEST].channels


def target_of(request: AccessRequest) -> GrantTarget:
    """What the request is about."""
    return GrantTarget(request.credential, request.folder)


def describe(entry: EntryDraft, request: AccessRequest) -> None:
    """Name a request, who made it and what it is about in an entry."""
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
    """Write the mails about a new request; not about every one of somebody who asks on and on."""
    recent = AccessRequest.objects.of(actor).filter(
        own_requests(actor), requested_at__gt=database_now() - MAILS_PER
    )
    if recent.count() <= MOST_MAILS:
        notify_of_request(
            actor, asker=request.person.email, wish=_wish(request), link=_address(request)
        )


def notify_requester(actor: Actor, request: AccessRequest) -> None:
    """Write the mail about a decision."""
    notify_of_decision(
        actor,
        request.person_id,
        approved=request.state == RequestState.APPROVED,
        wish=_wish(request),
        link=_address(request),
    )


def _wish(request: AccessRequest) -> str:
    if request.credential is not None:
        return f"the level {request.level} on {request.credential.key}"
    assert request.folder is not None
    return f"the level {request.level} on the folder {request.folder.path or '/'}"


def _address(request: AccessRequest) -> str:
    return f"{settings.PUBLIC_URL}/approvals/{public_id('req', request.pk)}"


def level_of_requester(actor: Actor, stands: ActiveMembership, request: AccessRequest) -> Level:
    """What who asked holds there now, through the agent that they asked with if any."""
    rows = Membership.objects.filter(tenant_id=actor.tenant_id, person_id=request.person_id)
    membership = rows.filter(suspended_at=None).first()
    if membership is None:
        return Level.NONE
    is_admin = Role(membership.role).is_admin
    base_level = Level.ADMIN if is_admin else Level.of(stands.tenant.baseline_level)
    asker = replace(
        actor,
        person_id=request.person_id,
        service_account_id=None,
        agent_id=request.agent_id,
        allowed_credentials=None,
    )
    theirs = read_permissions(
        asker,
        ActiveMembership(stands.tenant, membership.pk, is_admin=is_admin, base_level=base_level),
    )
    return level_on(theirs, target_of(request))


def requests_out(
    actor: Actor, stands: ActiveMembership, held: Permissions, requests: Sequence[AccessRequest]
) -> list[AccessRequestOut]:
    """Requests as lists show them."""
    ids = {one.agent_id for one in requests if one.agent_id}
    agents: dict[UUID | None, str] = dict(
        Agent.objects.of(actor).filter(pk__in=ids).values_list("pk", "name")
    )
    return [
        AccessRequestOut.model_validate(
            {
                **_facts(one),
                "agent": agents.get(one.agent_id),
                "mine": one.person_id == actor.person_id,
                "may_decide": _may_decide(actor, stands, held, one),
            }
        )
        for one in requests
    ]


def similar_requests(actor: Actor, request: AccessRequest, most: int) -> QuerySet[AccessRequest]:
    """The newest requests of the same person about the same thing before this one."""
    rows = all_requests(actor).filter(person_id=request.person_id, pk__lt=request.pk)
    same = rows.filter(credential=request.credential, folder=request.folder)
    return same.order_by("-pk")[:most]


def _facts(request: AccessRequest) -> dict[str, object]:
    asker, grant = request.person, request.grant
    return {
        "request_id": public_id("req", request.pk),
        "state": _STATES.get(RequestState(request.state), request.state),
        "asker": SubjectOut(kind="person", id=public_id("person", asker.pk), name=asker.email),
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
    }


def _may_decide(
    actor: Actor, stands: ActiveMembership, held: Permissions, request: AccessRequest
) -> bool:
    return (
        request.state == RequestState.PENDING
        and can_decide_on_channel(actor)
        and level_on(held, target_of(request)) >= _LEVEL
        and (stands.tenant.self_approval or request.person_id != actor.person_id)
    )
