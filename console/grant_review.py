"""Reviewing changes of grants before they are made: from the table, and from the form for one."""

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access.actor import Actor
from console.current_tenant import current_tenant
from console.errors import require_reauthentication
from console.page_context import page_context
from credentials.operations import change_grants
from credentials.shapes.grants import ChangedGrantOut, ChangeGrants
from foundation.errors import PreconditionFailed, StepUpRequired

WAITING = "grants.waiting"  # in the session: changes that wait for a recent sign-in


def review_changes(
    request: HttpRequest, actor: Actor, changes: list[dict[str, Any]]
) -> HttpResponse:
    """The page that shows changes before they are made.

    They are kept in the session when a recent sign-in is required first. Where somebody else has
    changed a grant in the meantime, the page shows the present one, with status 412.
    """
    stale = False
    try:
        outcomes = _dry_run(actor, changes)
    except StepUpRequired:
        return keep_changes(request, changes)
    except PreconditionFailed:
        stale = True
        outcomes = _dry_run(actor, [_without_expected(change) for change in changes])
    shown = {
        **page_context(request),
        "changes": outcomes,
        "sent": [
            json.dumps({**change, "expected": outcome.before and outcome.before.wire()})
            for change, outcome in zip(changes, outcomes, strict=True)
        ],
        "stale": stale,
        "back": back_address(request),
    }
    status = PreconditionFailed.status if stale else 200
    return render(request, "console/grants_review.html", shown, status=status)


def back_address(request: HttpRequest) -> str:
    """Where the changes began: the part of the table, or below owners and admins, who do not see
    it, the access to the credential or folder.
    """
    tenant = current_tenant(request)
    if tenant is not None and tenant.is_admin:
        page, kept = "grants", {k: v for k, v in request.GET.items() if k != "edit"}
    else:
        page, kept = "access", {k: request.GET[k] for k in ("key", "folder") if k in request.GET}
    return f"{reverse(page)}?{urlencode(kept)}" if kept else reverse(page)


def _dry_run(actor: Actor, changes: list[dict[str, Any]]) -> list[ChangedGrantOut]:
    return change_grants(actor, ChangeGrants.parse({"changes": changes, "dryRun": True})).changes


def _without_expected(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if name != "expected"}


def keep_changes(request: HttpRequest, changes: list[Any]) -> HttpResponse:
    """Keep the changes in the session until the person has signed in again."""
    request.session[WAITING] = changes
    return require_reauthentication(
        request, page=f"{reverse('review_grants')}?{request.GET.urlencode()}"
    )
