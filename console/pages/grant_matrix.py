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

from access.actor import Actor
from console.actors import actor_for
from console.choices import agent_choices
from console.credential_forms import machine_text
from console.errors import handle_errors, require_reauthentication
from console.fields import plain
from console.grant_matrix_form import changed_cells, matrix_cells
from console.grant_terms_form import GrantTermsForm
from console.page_context import page_context, signed_in
from credentials.operations import change_grants, show_matrix
from credentials.shapes.access_reports import ShowMatrix
from credentials.shapes.grants import ChangedGrantOut, ChangeGrants
from foundation.errors import Invalid, PreconditionFailed, StepUpRequired, VaultError
from identity.sign_in.step_up import recently_authenticated

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
@handle_errors
def matrix(request: HttpRequest) -> HttpResponse:
    """Who has which grant on what; with `edit` the cells can be changed, after a fresh sign-in."""
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
    """The part of the matrix that the address chooses; with a form, to be edited."""
    page = show_matrix(actor, _wish(request.GET))
    shown = {
        **page_context(request, "team"),
        "page": page,
        "rows": list(matrix_cells(page, typed)),
        "filters": FilterForm(request.GET or None),
        "form": form,
        "levels": LEVELS,
        "tab": "grants",
    }
    return render(request, "console/grants.html", shown, status=status)


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
@handle_errors
def review(request: HttpRequest) -> HttpResponse:
    """What the changed cells would do, before anything is done; also those that waited (GET).

    What cannot be done is said above the table, which keeps what was chosen in it.
    """
    actor = actor_for(request)
    if request.method != "POST":
        waiting: list[Any] = request.session.pop(WAITING, [])
        return reviewed(request, actor, waiting) if waiting else redirect("grants")
    form = GrantTermsForm(request.POST, agents=agent_choices(actor))
    if not form.is_valid():
        return _table(request, actor, form, request.POST, Invalid.status)
    try:
        changes = changed_cells(request.POST, form.until(), form.only_through())
        if not changes:
            raise Invalid("Nothing was changed in the table.")
        return reviewed(request, actor, changes)
    except VaultError as error:
        form.add_error(None, " ".join(filter(None, [plain(error), error.hint])))
        return _table(request, actor, form, request.POST, error.status)


def reviewed(request: HttpRequest, actor: Actor, changes: list[dict[str, Any]]) -> HttpResponse:
    """The page that shows changes before they are made; they wait when it has to be proven first
    who makes them. Where somebody else changed something meanwhile, it shows what is there now.
    """
    stale = False
    try:
        told_changes = _tried(actor, changes)
    except StepUpRequired:
        return _wait(request, changes)
    except PreconditionFailed:
        stale = True
        told_changes = _tried(actor, [_without_expected(one) for one in changes])
    shown = {
        **page_context(request, "team"),
        "changes": told_changes,
        "sent": [
            json.dumps({**one, "expected": told_change.before and told_change.before.wire()})
            for one, told_change in zip(changes, told_changes, strict=True)
        ],
        "stale": stale,
    }
    status = PreconditionFailed.status if stale else 200
    return render(request, "console/grants_review.html", shown, status=status)


def _tried(actor: Actor, changes: list[dict[str, Any]]) -> list[ChangedGrantOut]:
    """What the changes would do."""
    return change_grants(actor, ChangeGrants.parse({"changes": changes, "dryRun": True})).changes


def _without_expected(change: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in change.items() if name != "expected"}


def _wait(request: HttpRequest, changes: list[Any]) -> HttpResponse:
    """The changes wait to be reviewed until it is proven who makes them."""
    request.session[WAITING] = changes
    return require_reauthentication(
        request, page=f"{reverse('review_grants')}?{request.GET.urlencode()}"
    )


@require_POST
@never_cache
@signed_in
@handle_errors
def save(request: HttpRequest) -> HttpResponse:
    """Make the reviewed changes, all of them or none."""
    actor = actor_for(request)
    try:
        changes = [_read(one) for one in request.POST.getlist("change")]
        wish = ChangeGrants.parse({"changes": changes})
        try:
            made = change_grants(actor, wish).changes
        except StepUpRequired:
            return _wait(request, changes)
        except PreconditionFailed:
            return reviewed(request, actor, changes)
    except VaultError as error:
        return _refused(request, error)
    count = len(made)
    messages.success(request, f"Saved: {count} change{'' if count == 1 else 's'}.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """To the part of the table that it was done in."""
    asked = request.GET.copy()
    asked.pop("edit", None)
    return f"{reverse('grants')}?{asked.urlencode()}" if asked else reverse("grants")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("A change cannot be read; start again from the table.") from None


def _refused(request: HttpRequest, error: VaultError) -> HttpResponse:
    shown = {**page_context(request, "team"), "problems": [error.detail, error.hint]}
    return render(request, "console/grants_review.html", shown, status=error.status)
