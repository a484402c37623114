"""How service accounts authenticate: secrets, which are shown once, and public keys."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from access.scopes import SCOPE_MEANINGS, Scope
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import CHOOSE, MACHINE_TEXT
from console.fields import SecretField, rule
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
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
SCOPES = [(str(item), SCOPE_MEANINGS[item]) for item in (Scope.READ, Scope.WRITE)]


class SecretForm(OperationForm):
    """A new secret; `submission` makes sending the form twice create one secret."""

    shows_hint = True

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

    def members(self, account_id: str) -> dict[str, Any]:
        """The members of the shape."""
        cleaned = self.cleaned_data
        return {
            "accountId": account_id,
            "name": cleaned["name"],
            "scopes": cleaned["scopes"],
            "expiresInDays": cleaned["expires_in_days"],
            "idempotencyKey": str(cleaned["submission"]),
        }


class KeyForm(SecretForm):
    """The public half of a key. What was pasted is never returned: it could be the private half."""

    jwk = SecretField(
        label="Public key",
        help_text="PEM or JWK: Ed25519, EC on P-256, or RSA of 2048 bits and more. The private "
        "half stays with the program that signs.",
        widget=forms.Textarea({**MACHINE_TEXT, "rows": 6}),
        validators=[rule(lambda text: register(jwk_in(text)))],
    )
    field_order = ("name", "jwk", "scopes", "expires_in_days")

    def members(self, account_id: str) -> dict[str, Any]:
        return {**super().members(account_id), "jwk": jwk_in(self.cleaned_data["jwk"])}


def add_secret(request: HttpRequest, account_id: str) -> HttpResponse:
    """The form, then the secret itself, in this one response, which nothing keeps."""
    actor = actor_for(request)
    account = show_service_account(actor, account_id)
    form = SecretForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with form.refusals(Conflict, Invalid):
            secret = AddAccountSecret.parse(form.members(account_id))
            return _once(request, account, add_account_secret(actor, secret))
    return _form_page(request, account, form, "secret")


def add_key(request: HttpRequest, account_id: str) -> HttpResponse:
    """Register the public half of a key, with which the account signs (private_key_jwt)."""
    actor = actor_for(request)
    account = show_service_account(actor, account_id)
    form = KeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with form.refusals(Conflict, Invalid):
            added = add_account_key(actor, AddAccountKey.parse(form.members(account_id)))
            messages.success(request, f"{added.name} is registered, for {added.alg}.")
            return redirect("admin:service_account", account_id)
    return _form_page(request, account, form, "key")


def _form_page(
    request: HttpRequest, account: ServiceAccountOut, form: SecretForm, what: str
) -> HttpResponse:
    restore_form(request, form)
    shown = {**page_context(request), "account": account, "form": form, "what": what}
    status = 422 if form.errors else 200
    return render(request, "console/account_proof_new.html", shown, status=status)


def _once(
    request: HttpRequest, account: ServiceAccountOut, created: NewAccountSecretOut
) -> HttpResponse:
    value = created.secret.get_secret_value() if created.secret else ""
    token, *_ = ways_of_account(account.service_account_id, "")
    shown = {
        **page_context(request),
        "account": account,
        "secret": created,
        "value": value,
        "command": f"read -rsp 'Secret: ' VAULT_SECRET\n{token.text}",
    }
    return render(request, "console/account_secret_once.html", shown)


def remove_secret(request: HttpRequest, account_id: str, proof_id: str) -> HttpResponse:
    """Ask, then remove the secret."""
    actor = actor_for(request)
    proof = _found(list_account_secrets(actor, account_id).secrets, proof_id)
    if request.method == "POST":
        remove_account_secret(actor, proof_id)
    return _removed(request, actor, proof, "secret")


def remove_key(request: HttpRequest, account_id: str, key_id: str) -> HttpResponse:
    """Ask, then remove the key."""
    actor = actor_for(request)
    proof = _found(list_account_keys(actor, account_id).keys, key_id)
    if request.method == "POST":
        remove_account_key(actor, key_id)
    return _removed(request, actor, proof, "key")


def _found(proofs: Sequence[AccountProofOut], proof_id: str) -> AccountProofOut:
    for proof in proofs:
        if proof.proof_id == proof_id:
            return proof
    raise NotFound("There is no such secret or key of a service account.")


def _removed(request: HttpRequest, actor: Actor, proof: AccountProofOut, what: str) -> HttpResponse:
    if request.method == "POST":
        messages.success(request, f"The {what} {proof.name} is removed.")
        return redirect("admin:service_account", proof.account_id)
    account = show_service_account(actor, proof.account_id)
    question = Question(
        heading=f"Remove the {what} {proof.name}",
        action=f"Remove the {what}",
        lines=[
            f"It belongs to {account.name}. What uses it gets no more tokens.",
            "Tokens issued for it end at once; leases stay until they expire.",
            "To replace it without a gap, add the new one first.",
        ],
        cancel=reverse("admin:service_account", args=[proof.account_id]),
    )
    return confirm(request, question, ConfirmForm(None))
