"""Personal tokens: the list, creating one, which is shown once, and revoking one."""

from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from access.levels import Role
from access.scopes import SCOPE_MEANINGS, Scope
from console.connect_snippets import commands_with_token
from console.credential_forms import CHOOSE, machine_text
from console.fields import rule
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context, paging
from console.pending_forms import restore_form
from foundation.errors import (
    CredentialNotFound,
    Denied,
    Invalid,
    QuotaExceeded,
    Unavailable,
)
from foundation.schema.safe_text import require_visible
from identity.operations import (
    create_personal_token,
    list_personal_tokens,
    revoke_personal_token,
    show_personal_token,
)
from identity.shapes import (
    CreatePersonalToken,
    ListPersonalTokens,
    NewPersonalTokenOut,
)

LIFETIMES = [("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year")]
READS_LOG = "Read the tenant's audit log over REST"
PAGE = 50


class TokenForm(OperationForm):
    """A new token; `submission` makes sending the form twice create one token."""

    field_for = {"key": "credentials", CredentialNotFound: "credentials"}
    words_for = {CredentialNotFound: "There is no such credential, or you do not see it."}

    name = forms.CharField(
        label="What is it for?",
        max_length=80,
        help_text="So that you know later which one to revoke, such as nightly backup.",
        validators=[rule(partial(require_visible, field="name", least=1))],
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        widget=forms.CheckboxSelectMultiple,
        error_messages={**CHOOSE, "required": "Choose what it may do."},
    )
    credentials = forms.CharField(
        label="Only for these credentials",
        required=False,
        help_text="Their keys, separated by spaces. Empty: for all that you may use.",
        widget=machine_text(),
    )
    expires_in_days = forms.TypedChoiceField(
        label="It ends after", choices=LIFETIMES, coerce=int, initial="30", error_messages=CHOOSE
    )
    submission = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, role: Role | None) -> None:
        offered = _offered_scopes(role)
        super().__init__(data, initial={"scopes": offered[:1], "submission": uuid4()})
        choices = [
            (str(scope), READS_LOG if role is Role.AUDITOR else SCOPE_MEANINGS[scope])
            for scope in offered
        ]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]  # a choice field

    def shape(self) -> CreatePersonalToken:
        """Raises Invalid."""
        cleaned = self.cleaned_data
        return CreatePersonalToken.parse(
            {
                "name": cleaned["name"],
                "scopes": cleaned["scopes"],
                "credentials": cleaned["credentials"].replace(",", " ").split() or None,
                "expiresInDays": cleaned["expires_in_days"],
                "idempotencyKey": str(cleaned["submission"]),
            }
        )


def _offered_scopes(role: Role | None) -> list[Scope]:
    if role is Role.AUDITOR:
        return [Scope.ADMIN]
    is_admin = role is not None and role.is_admin
    return [scope for scope in Scope if is_admin or scope is not Scope.ADMIN]


def tokens(request: HttpRequest) -> HttpResponse:
    """The person's own tokens; with `everybody` all of the tenant's, for owners and admins."""
    everybody = "everybody" in request.GET
    query = {
        "everybody": everybody,
        **paging(request, PAGE),
    }
    page = list_personal_tokens(actor_for(request), ListPersonalTokens.parse(query))
    shown = {**page_context(request), "page": page, "everybody": everybody}
    return render(request, "console/tokens.html", shown)


def make(request: HttpRequest) -> HttpResponse:
    """The form, then the token itself, in this one response, which nothing keeps."""
    actor = actor_for(request)
    sent = request.method == "POST"
    form = TokenForm(request.POST if sent else None, role=actor.role)
    restore_form(request, form)
    if sent and form.is_valid():
        with form.refusals(Invalid, CredentialNotFound, QuotaExceeded, Denied, Unavailable):
            return _once(request, create_personal_token(actor, form.shape()))
    shown = {**page_context(request), "form": form}
    return render(request, "console/token_new.html", shown, status=422 if form.errors else 200)


def _once(request: HttpRequest, created: NewPersonalTokenOut) -> HttpResponse:
    value = created.token.get_secret_value() if created.token else ""
    shown = {
        **page_context(request),
        "token": created,
        "value": value,
        "command": commands_with_token(),
    }
    return render(request, "console/token_once.html", shown)


def revoke(request: HttpRequest, token_id: str) -> HttpResponse:
    """Ask, then revoke it."""
    actor = actor_for(request)
    if request.method == "POST":
        revoke_personal_token(actor, token_id)
        messages.success(request, "The token is revoked. Leases that it had taken have ended.")
        return redirect("tokens")
    token = show_personal_token(actor, token_id)
    shown = {**page_context(request), "token": token}
    return render(request, "console/token_revoke.html", shown)
