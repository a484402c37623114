"""What service accounts prove themselves with: secrets, shown once, and public keys."""

from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.actor import Actor
from access.scopes import SCOPE_MEANINGS, Scope
from console.actors import actor_for
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import CHOOSE, MACHINE_TEXT
from console.fields import SecretField, rule
from console.operation_form import HintingForm
from console.page_context import page_context, require_step_up
from console.pages.service_accounts import SECTION
from console.pending_forms import restore_form
from console.usage_snippets import ways_of_account
from foundation.errors import Conflict, Invalid, NotFound
from foundation.schema.safe_text import require_visible
from identity.operations import (
    add_account_key,
    add_account_secret,
    list_account_keys,
    list_account_secrets,
    remove_account_key,
    remove_account_secret,
)
from identity.service_accounts.public_keys import jwk_in, register
from identity.shapes import (
    AccountProofOut,
    AddAccountKey,
    AddAccountSecret,
    NewAccountSecretOut,
)
from tenants.operations import show_service_account
from tenants.shapes.service_accounts import ServiceAccountOut

LIFETIMES = [("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year")]
SCOPES = [(str(one), SCOPE_MEANINGS[one]) for one in (Scope.READ, Scope.WRITE)]


class SecretForm(HintingForm):
    """The names are the shape's, as errors name them. `submission` makes sending it twice one."""

    name = forms.CharField(
        label="Where will it be kept?",
        max_length=80,
        help_text="So that you know later which one to remove, such as CI variables.",
        validators=[rule(partial(require_visible, field="name", least=1))],
    )
    scopes = forms.MultipleChoiceField(
        label="With it the account may",
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={**CHOOSE, "required": "Choose what it may do."},
    )
    expires_in_days = forms.TypedChoiceField(
        label="It ends after", choices=LIFETIMES, coerce=int, error_messages=CHOOSE
    )
    submission = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        first = {"scopes": [Scope.READ], "submission": uuid4(), "expires_in_days": "90"}
        super().__init__(data, initial=first)

    def wish(self, account_id: str) -> dict[str, Any]:
        """What was typed, as shapes call it."""
        said = self.cleaned_data
        return {
            "accountId": account_id,
            "name": said["name"],
            "scopes": said["scopes"],
            "expiresInDays": said["expires_in_days"],
            "idempotencyKey": str(said["submission"]),
        }


class KeyForm(SecretForm):
    """The public half of a key. What was pasted is not handed back: it could be the private one."""

    jwk = SecretField(
        label="Public key",
        help_text="PEM or JWK: Ed25519, EC on P-256, or RSA of 2048 bits and more. The private "
        "half stays where it signs.",
        widget=forms.Textarea({**MACHINE_TEXT, "rows": 6}),
        validators=[rule(lambda text: register(jwk_in(text)))],
    )
    field_order = ("name", "jwk", "scopes", "expires_in_days")

    def wish(self, account_id: str) -> dict[str, Any]:
        return {**super().wish(account_id), "jwk": jwk_in(self.cleaned_data["jwk"])}


@require_http_methods(["GET", "HEAD", "POST"])
@require_step_up(SecretForm)
def add_secret(request: HttpRequest, account_id: str) -> HttpResponse:
    """The form, and after it the secret itself: in this one answer, which nothing keeps."""
    actor = actor_for(request)
    its = show_service_account(actor, account_id)
    form = SecretForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            wish = AddAccountSecret.parse(form.wish(account_id))
            return _once(request, its, add_account_secret(actor, wish))
        except (Conflict, Invalid) as error:
            form.refuse(error)
    return _asked(request, its, form, "secret")


@require_http_methods(["GET", "HEAD", "POST"])
@require_step_up(KeyForm)
def add_key(request: HttpRequest, account_id: str) -> HttpResponse:
    """Register the public half of a key, with which the account signs (private_key_jwt)."""
    actor = actor_for(request)
    its = show_service_account(actor, account_id)
    form = KeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            added = add_account_key(actor, AddAccountKey.parse(form.wish(account_id)))
        except (Conflict, Invalid) as error:
            form.refuse(error)
        else:
            messages.success(request, f"{added.name} is registered, for {added.alg}.")
            return redirect("admin:service_account", account_id)
    return _asked(request, its, form, "key")


def _asked(
    request: HttpRequest, its: ServiceAccountOut, form: SecretForm, what: str
) -> HttpResponse:
    restore_form(request, form)
    shown = {**page_context(request, SECTION), "its": its, "form": form, "what": what}
    status = 422 if form.errors else 200
    return render(request, "console/account_proof_new.html", shown, status=status)


def _once(
    request: HttpRequest, its: ServiceAccountOut, created: NewAccountSecretOut
) -> HttpResponse:
    value = created.secret.get_secret_value() if created.secret else ""
    token, *_ = ways_of_account(its.service_account_id, "")
    shown = {
        **page_context(request, SECTION),
        "its": its,
        "secret": created,
        "value": value,
        "command": f"read -rsp 'Secret: ' VAULT_SECRET\n{token.text}",
    }
    return render(request, "console/account_secret_once.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def remove_secret(request: HttpRequest, account_id: str, proof_id: str) -> HttpResponse:
    """Ask once, then take the secret out of use."""
    actor = actor_for(request)
    its = _found(list_account_secrets(actor, account_id).secrets, proof_id)
    if request.method == "POST":
        remove_account_secret(actor, proof_id)
    return _removed(request, actor, its, "secret")


@require_http_methods(["GET", "HEAD", "POST"])
def remove_key(request: HttpRequest, account_id: str, key_id: str) -> HttpResponse:
    """Ask once, then take the key out of use."""
    actor = actor_for(request)
    its = _found(list_account_keys(actor, account_id).keys, key_id)
    if request.method == "POST":
        remove_account_key(actor, key_id)
    return _removed(request, actor, its, "key")


def _found(proofs: Any, proof_id: str) -> AccountProofOut:
    its: AccountProofOut | None = next((one for one in proofs if one.proof_id == proof_id), None)
    if its is None:
        raise NotFound("There is no such proof of a service account.")
    return its


def _removed(request: HttpRequest, actor: Actor, its: AccountProofOut, what: str) -> HttpResponse:
    if request.method == "POST":
        messages.success(request, f"The {what} {its.name} is removed.")
        return redirect("admin:service_account", its.account_id)
    account = show_service_account(actor, its.account_id)
    question = Question(
        section=SECTION,
        heading=f"Remove the {what} {its.name}",
        action=f"Remove the {what}",
        lines=[
            f"It is of {account.name}. Whatever uses it gets no token any more.",
            "Tokens that were got with it end at once; leases stay until their time is over.",
            "To change it without a gap, add the next one first.",
        ],
        cancel=reverse("admin:service_account", args=[its.account_id]),
    )
    return confirm(request, question, ConfirmForm(None))
