"""The matrix of grants: looked at, edited, reviewed as a whole and then saved as a whole."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.durations import parse_duration
from access.errors import Invalid, StepUpRequired, VaultError
from console.actors import actor_for
from console.cells import changed_cells
from console.errors import prove_again, told
from console.forms import machine_text
from console.pages.framing import frame, signed_in
from console.subjects import shape_of
from credentials.operations import change_grants, show_access, show_matrix, show_reach
from credentials.reach_shapes import ShowAccess, ShowMatrix, ShowReach
from credentials.shapes import ChangeGrants
from identity.freshness import signed_in_recently

PAGE = 100
WAITING = "grants.waiting"  # in the session: changes that wait for a fresh sign-in
LEVELS = ("viewer", "user", "manager", "admin")
KINDS = [
    ("", "Everybody"),
    ("person", "People"),
    ("group", "Groups"),
    ("service_account", "Service accounts"),
]


class FilterForm(forms.Form):
    """Which part of the matrix to show; what is chosen stands in the address."""

    who = forms.CharField(label="Who", required=False, max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=KINDS, required=False)
    folder = forms.CharField(label="Folder", required=False, widget=machine_text())
    query = forms.CharField(label="Key or folder has", required=False, max_length=200)


@require_safe
@never_cache
@signed_in
@told
def matrix(request: HttpRequest) -> HttpResponse:
    """Who has which grant on what; with `edit` the cells can be changed, after a fresh sign-in."""
    edit = "edit" in request.GET
    if edit and not signed_in_recently(request):
        return prove_again(request)
    shown = {
        **frame(request, "team"),
        "page": show_matrix(actor_for(request), _wish(request.GET)),
        "form": FilterForm(request.GET or None),
        "levels": LEVELS,
        "edit": edit,
        "tab": "grants",
    }
    return render(request, "console/grants.html", shown)


def _wish(asked: QueryDict) -> ShowMatrix:
    said = {
        "subjectQuery": asked.get("who"),
        "subjectKind": asked.get("kind"),
        "subjectCursor": asked.get("across"),
        "folderPath": asked.get("folder"),
        "query": asked.get("query"),
        "cursor": asked.get("cursor"),
    }
    return ShowMatrix.parse({name: one for name, one in said.items() if one})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@told
def review(request: HttpRequest) -> HttpResponse:
    """What the changed cells would do, before anything is done; also those that waited (GET)."""
    sent = request.method == "POST"
    waiting: list[Any] = request.session.pop(WAITING, [])
    if not sent and not waiting:
        return redirect("grants")
    changes = waiting
    try:
        if sent:
            changes = changed_cells(request.POST, _ends_after(request.POST))
        if not changes:
            raise Invalid("Nothing was changed in the table.")
        return _reviewed(request, changes)
    except StepUpRequired:
        return _wait(request, changes)
    except VaultError as error:
        return _refused(request, error)


def _wait(request: HttpRequest, changes: list[Any]) -> HttpResponse:
    """The changes wait to be reviewed until it is proven who makes them."""
    request.session[WAITING] = changes
    return prove_again(request, page=reverse("review_grants"))


def _ends_after(typed: QueryDict) -> int | None:
    """Seconds until what is given now ends; the field may be left empty."""
    text = typed.get("ends_after", "").strip()
    return parse_duration(text, field="ends_after") if text else None


def _reviewed(request: HttpRequest, changes: list[dict[str, Any]]) -> HttpResponse:
    wish = ChangeGrants.parse({"changes": changes, "dryRun": True})
    shown = {
        **frame(request, "team"),
        "changes": change_grants(actor_for(request), wish).changes,
        "sent": [json.dumps(one) for one in changes],
    }
    return render(request, "console/grants_review.html", shown)


@require_POST
@never_cache
@signed_in
@told
def save(request: HttpRequest) -> HttpResponse:
    """Make the reviewed changes, all of them or none."""
    try:
        changes = [_read(one) for one in request.POST.getlist("change")]
        wish = ChangeGrants.parse({"changes": changes})
        try:
            made = change_grants(actor_for(request), wish)
        except StepUpRequired:
            return _wait(request, changes)
    except VaultError as error:
        return _refused(request, error)
    messages.success(request, f"Saved: {len(made.changes)} of {len(made.changes)} changes.")
    return redirect("grants")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("A change cannot be read; start again from the table.") from None


def _refused(request: HttpRequest, error: VaultError) -> HttpResponse:
    shown = {**frame(request, "team"), "problems": [error.detail, error.hint]}
    return render(request, "console/grants_review.html", shown, status=error.status)


@require_safe
@never_cache
@signed_in
@told
def reach(request: HttpRequest, subject_id: str) -> HttpResponse:
    """What one person, group or service account can reach, and by which rules."""
    wish = {**shape_of(subject_id), "limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = show_reach(actor_for(request), ShowReach.parse(wish))
    return render(request, "console/reach.html", {**frame(request, "team"), "page": page})


@require_safe
@never_cache
@signed_in
@told
def access(request: HttpRequest) -> HttpResponse:
    """Who can reach one credential (`key`) or folder (`folder`), and by which rules."""
    key = request.GET.get("key") or None
    folder = None if key else request.GET.get("folder", "")
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = show_access(
        actor_for(request), ShowAccess.parse({"key": key, "folderPath": folder, **wish})
    )
    shown = {**frame(request, "team"), "page": page, "key": key, "folder": folder}
    return render(request, "console/access.html", shown)
