"""People's own tokens: what there is, making one – shown this once – and revoking one."""

from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from pydantic.alias_generators import to_snake

from access.actor import Actor
from access.scopes import SCOPE_MEANINGS, Scope
from console.actors import actor_for
from console.credential_forms import CHOOSE, machine_text
from console.errors import handle_errors
from console.fields import plain, rule
from console.page_context import page_context, require_step_up, signed_in
from console.pending_forms import restore_form
from foundation.errors import (
    CredentialNotFound,
    Denied,
    Invalid,
    QuotaExceeded,
    StepUpRequired,
    Unavailable,
    VaultError,
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
PAGE = 50


class TokenForm(forms.Form):
    """The names are the shape's, as errors name them. `submission` makes sending it twice one."""

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

    def __init__(self, data: Any = None, *, is_admin: bool) -> None:
        super().__init__(data, initial={"scopes": [Scope.READ], "submission": uuid4()})
        offered = [scope for scope in Scope if is_admin or scope is not Scope.ADMIN]
        choices = [(str(scope), SCOPE_MEANINGS[scope]) for scope in offered]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]  # a choice field

    def shape(self) -> CreatePersonalToken:
        """Raises Invalid."""
        said = self.cleaned_data
        return CreatePersonalToken.parse(
            {
                "name": said["name"],
                "scopes": said["scopes"],
                "credentials": said["credentials"].replace(",", " ").split() or None,
                "expiresInDays": said["expires_in_days"],
                "idempotencyKey": str(said["submission"]),
            }
        )

    def refuse(self, error: VaultError) -> None:
        """Say it beside the field that it is about."""
        if isinstance(error, CredentialNotFound):
            self.add_error("credentials", "There is no such credential, or you do not see it.")
            return
        named = to_snake(error.extra.get("field", ""))
        name = "credentials" if named == "key" else named
        self.add_error(name if name in self.fields else None, plain(error))


@require_safe
@never_cache
@signed_in
@handle_errors
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens; with `everybody` those of all, for owners and admins."""
    everybody = "everybody" in request.GET
    wish = {
        "everybody": everybody,
        "limit": PAGE,
        "cursor": request.GET.get("cursor") or None,
    }
    page = list_personal_tokens(actor_for(request), ListPersonalTokens.parse(wish))
    shown = {**page_context(request, "account"), "page": page, "everybody": everybody}
    return render(request, "console/tokens.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@require_step_up(TokenForm)
@handle_errors
def make(request: HttpRequest) -> HttpResponse:
    """The form, and after it the token itself: in this one answer, which nothing keeps."""
    actor = actor_for(request)
    sent = request.method == "POST"
    is_admin = actor.role is not None and actor.role.is_admin
    form = TokenForm(request.POST if sent else None, is_admin=is_admin)
    restore_form(request, form)
    if sent and form.is_valid():
        created = _create(actor, form)
        if created:
            return _once(request, created)
    shown = {**page_context(request, "account"), "form": form}
    return render(request, "console/token_new.html", shown, status=422 if form.errors else 200)


def _create(actor: Actor, form: TokenForm) -> NewPersonalTokenOut | None:
    try:
        return create_personal_token(actor, form.shape())
    except StepUpRequired:
        raise
    except (Invalid, CredentialNotFound, QuotaExceeded, Denied, Unavailable) as error:
        form.refuse(error)
        return None


def _once(request: HttpRequest, created: NewPersonalTokenOut) -> HttpResponse:
    value = created.token.get_secret_value() if created.token else ""
    command = f'curl -H "Authorization: Bearer {value}" {settings.PUBLIC_URL}/api/v1/credentials'
    shown = {
        **page_context(request, "account"),
        "token": created,
        "value": value,
        "command": command,
    }
    return render(request, "console/token_once.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def revoke(request: HttpRequest, token_id: str) -> HttpResponse:
    """Ask once, then end it."""
    actor = actor_for(request)
    if request.method == "POST":
        revoke_personal_token(actor, token_id)
        messages.success(request, "The token is revoked. What it had leased has ended.")
        return redirect("tokens")
    token = show_personal_token(actor, token_id)
    shown = {**page_context(request, "account"), "token": token}
    return render(request, "console/token_revoke.html", shown)
