"""The matrix of grants: shown, edited, reviewed and then saved, all changes or none."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from access.actor import Actor
from console.choices import agent_choices
from console.credential_forms import machine_text
from console.errors import require_reauthentication
from console.grant_matrix_form import changed_cells, matrix_cells
from console.grant_review import WAITING, back_address, keep_changes, review_changes
from console.grant_terms_form import GrantTermsForm
from console.page_context import actor_for, page_context
from credentials.operations import change_grants, show_matrix
from credentials.shapes.access_reports import ShowMatrix
from credentials.shapes.grants import ChangeGrants
from foundation.errors import Invalid, PreconditionFailed, StepUpRequired, VaultError
from identity.sign_in.step_up import recently_authenticated

LEVELS = ("viewer", "user", "manager", "admin")
KINDS = [
    ("", "Everybody"),
    ("person", "People"),
    ("group", "Groups"),
    ("service_account", "Service accounts"),
]


class FilterForm(forms.Form):
    """Which part of the matrix to show; the choice is part of the address."""

    who = forms.CharField(label="Who", required=False, max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=KINDS, required=False)
    folder = forms.CharField(label="Folder", required=False, widget=machine_text())
    query = forms.CharField(label="Key or folder has", required=False, max_length=200)


def matrix(request: HttpRequest) -> HttpResponse:
    """Who has which grant on what; with `edit` the cells can be changed, after a recent sign-in."""
    edit = "edit" in request.GET
    if edit and not recently_authenticated(request):
        return require_reauthentication(request)
    actor = actor_for(request)
    form = GrantTermsForm(None, agents=agent_choices(actor)) if edit else None
    return _table(request, actor, form, QueryDict())


def _table(
    request: HttpRequest,
    actor: Actor,
    form: GrantTermsForm | None,
    typed: QueryDict,
    status: int = 200,
) -> HttpResponse:
    """The part of the matrix that the address chooses; it can be edited with a form."""
    page = show_matrix(actor, _wish(request.GET))
    shown = {
        **page_context(request),
        "page": page,
        "rows": list(matrix_cells(page, typed)),
        "filters": FilterForm(request.GET or None),
        "form": form,
        "levels": LEVELS,
        "tab": "grants",
    }
    return render(request, "console/grants.html", shown, status=status)


def _wish(asked: QueryDict) -> ShowMatrix:
    cleaned = {
        "subjectQuery": asked.get("who"),
        "subjectKind": asked.get("kind"),
        "subjectCursor": asked.get("across"),
        "folderPath": asked.get("folder"),
        "query": asked.get("query"),
        "cursor": asked.get("cursor"),
    }
    return ShowMatrix.parse({name: value for name, value in cleaned.items() if value})


def review(request: HttpRequest) -> HttpResponse:
    """What the changed cells would do, before anything is saved; also changes kept earlier (GET).

    Errors are shown above the table, which keeps the levels that were chosen.
    """
    actor = actor_for(request)
    if request.method != "POST":
        waiting: list[Any] = request.session.pop(WAITING, [])
        if not waiting:
            return redirect(back_address(request))
        return review_changes(request, actor, waiting)
    form = GrantTermsForm(request.POST, agents=agent_choices(actor))
    if not form.is_valid():
        return _table(request, actor, form, request.POST, Invalid.status)
    try:
        changes = changed_cells(request.POST, form.until(), form.only_through())
        if not changes:
            raise Invalid("Nothing was changed in the table.")
        return review_changes(request, actor, changes)
    except VaultError as error:
        form.refuse(error)
        return _table(request, actor, form, request.POST, error.status)


def save(request: HttpRequest) -> HttpResponse:
    """Make the reviewed changes, all of them or none."""
    actor = actor_for(request)
    try:
        changes = [_read(item) for item in request.POST.getlist("change")]
        command = ChangeGrants.parse({"changes": changes})
        try:
            made = change_grants(actor, command).changes
        except StepUpRequired:
            return keep_changes(request, changes)
        except PreconditionFailed:
            return review_changes(request, actor, changes)
    except VaultError as error:
        return _refused(request, error)
    count = len(made)
    messages.success(request, f"Saved: {count} change{'' if count == 1 else 's'}.")
    return redirect(back_address(request))


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("A change cannot be read; open the table again.") from None


def _refused(request: HttpRequest, error: VaultError) -> HttpResponse:
    problems = [error.detail, error.hint]
    shown = {**page_context(request), "problems": problems, "back": back_address(request)}
    return render(request, "console/grants_review.html", shown, status=error.status)
