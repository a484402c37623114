"""How an authorization goes on after the consent page: told truthfully, and without any secret."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from access.tenancy import database_now
from identity.consenting import kept
from identity.models import AuthorizationCode, AuthorizeRequest
from identity.people import visitor

LATE = timedelta(seconds=15)


class Stage(StrEnum):
    """`asked`: the person has not decided. `unknown`: not theirs to know."""

    ASKED = "asked"
    WAITING = "waiting"
    LATE = "late"
    DELIVERED = "delivered"
    DENIED = "denied"
    OVER = "over"
    UNKNOWN = "unknown"


@require_safe
def status(request: HttpRequest, identifier: UUID) -> HttpResponse:
    """The stage, for the browser session that was asked; 404 for every other."""
    asked = _asked(request, identifier)
    if asked is None:
        raise Http404
    stage = _stage(asked, database_now())
    told = Stage.WAITING if stage is Stage.LATE else stage
    return JsonResponse({"status": told}, headers={"Cache-Control": "no-store"})


@require_safe
def complete(request: HttpRequest) -> HttpResponse:
    """Where a sign-in ends; anybody may open it, only the one who was asked learns more."""
    asked = _asked(request, _identifier(request))
    now = database_now()
    stage = Stage.UNKNOWN if asked is None else _stage(asked, now)
    followed = asked is not None and stage in (Stage.ASKED, Stage.WAITING, Stage.LATE)
    shown = Stage.WAITING if stage is Stage.ASKED else stage
    stages = [one for one in Stage if one is not Stage.ASKED] if followed else [shown]
    context = {
        "client_name": asked.client.name if asked else "",
        "following": asked.pk if asked and followed else None,
        "stages": [(str(one), one is shown) for one in stages],
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
    who = visitor(request)
    if who is None or identifier is None:
        return None
    found = kept(identifier, who.person, who.session_key)
    return found.select_related("client").first()


def _stage(asked: AuthorizeRequest, now: datetime) -> Stage:
    if asked.decided_at is None:
        return Stage.ASKED if now < asked.expires_at else Stage.OVER
    if not asked.allowed:
        return Stage.DENIED
    code = AuthorizationCode.objects.filter(asked=asked).first()
    if code is None:
        return Stage.OVER
    if code.consumed_at is not None:
        return Stage.DELIVERED
    if code.expires <= now:
        return Stage.OVER
    return Stage.LATE if now - asked.decided_at > LATE else Stage.WAITING
