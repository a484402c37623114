"""The state of an authorization after the consent page, without any secret."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from access.tenancy import tenant_transaction
from foundation.db.clock import database_now
from identity.authorization_server.consent import stored_request
from identity.models import AuthorizationCode, AuthorizeRequest
from identity.sign_in.current_user import signed_in_person
from tenants.models import Agent, AgentState, Membership

LATE = timedelta(seconds=15)


class Stage(StrEnum):
    """`asked`: the person has not decided. `held`: an owner or admin has to approve the agent.
    `unknown`: for anybody but the person asked.
    """

    ASKED = "asked"
    WAITING = "waiting"
    LATE = "late"
    DELIVERED = "delivered"
    DENIED = "denied"
    HELD = "held"
    OVER = "over"
    UNKNOWN = "unknown"


@require_safe
def status(request: HttpRequest, identifier: UUID) -> HttpResponse:
    """The stage, for the browser session that was asked; 404 for any other."""
    asked = _asked(request, identifier)
    if asked is None:
        raise Http404
    stage = _stage(asked, database_now())
    shown = Stage.WAITING if stage is Stage.LATE else stage
    return JsonResponse({"status": shown}, headers={"Cache-Control": "no-store"})


@require_safe
def complete(request: HttpRequest) -> HttpResponse:
    """The page on which a sign-in ends; only the person asked learns more from it."""
    asked = _asked(request, _identifier(request))
    now = database_now()
    stage = Stage.UNKNOWN if asked is None else _stage(asked, now)
    followed = asked is not None and stage in (Stage.ASKED, Stage.WAITING, Stage.LATE)
    shown = Stage.WAITING if stage is Stage.ASKED else stage
    stages = [value for value in Stage if value is not Stage.ASKED] if followed else [shown]
    context = {
        "client_name": asked.client.name if asked else "",
        "following": asked.pk if asked and followed else None,
        "stages": [(str(value), value is shown) for value in stages],
    }
    response = render(request, "identity/complete.html", context)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _identifier(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("r", ""))
    except ValueError:
        return None


def _asked(request: HttpRequest, identifier: UUID | None) -> AuthorizeRequest | None:
    who = signed_in_person(request)
    if who is None or identifier is None:
        return None
    found = stored_request(identifier, who.person, who.session_key)
    return found.select_related("client").first()


def _stage(asked: AuthorizeRequest, now: datetime) -> Stage:
    if asked.decided_at is None:
        return Stage.ASKED if now < asked.expires_at else Stage.OVER
    if not asked.allowed:
        return Stage.HELD if _is_held(asked) else Stage.DENIED
    code = AuthorizationCode.objects.filter(asked=asked).first()
    if code is None:
        return Stage.OVER
    if code.consumed_at is not None:
        return Stage.DELIVERED
    if code.expires <= now:
        return Stage.OVER
    return Stage.LATE if now - asked.decided_at > LATE else Stage.WAITING


def _is_held(asked: AuthorizeRequest) -> bool:
    """Whether the person allowed it, and the agent waits for approval in one of their tenants."""
    tenants = Membership.objects.filter(person_id=asked.person_id).values_list("tenant_id")
    for (tenant_id,) in tenants:
        with tenant_transaction(tenant_id):
            its = Agent.objects.filter(tenant_id=tenant_id, client_id=asked.client_id)
            if its.filter(person_id=asked.person_id, state=AgentState.WAITING).exists():
                return True
    return False
