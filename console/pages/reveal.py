"""Showing a value to a person: a lease with a purpose and one read, as for an agent.

The value is only in the response to a form: no address leads to it, no cache keeps it, and the
page closes by itself.
"""

from functools import partial

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access.actions import Action
from access.actor import Actor
from console.fields import rule
from console.lookups import find_or_404
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
from console.pending_forms import restore_form
from foundation.errors import (
    ApprovalPending,
    Conflict,
    Denied,
    Invalid,
    LeaseOver,
    QuotaExceeded,
    Unavailable,
)
from foundation.schema.safe_text import require_visible
from leases.operations import lease_credential, read_credential, release_lease
from leases.shapes import LeaseCredential, ReadCredential, ReleaseLease, SecretOut

SHOWN_SECONDS = 30
LEASE_SECONDS = 60
NOT_NOW = (ApprovalPending, Conflict, Denied, Invalid, LeaseOver, QuotaExceeded, Unavailable)


class RevealForm(OperationForm):
    """The purpose, which is recorded."""

    shows_hint = True

    purpose = forms.CharField(
        label="Purpose",
        max_length=500,
        help_text="Why you need to see it. It is recorded in the audit log with your name.",
        widget=forms.TextInput({"autocomplete": "off"}),
        validators=[rule(partial(require_visible, field="purpose", least=3))],
    )


def reveal(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for the purpose, then show the value for half a minute."""
    actor = actor_for(request)
    credential = find_or_404(actor, key, lease_credential)
    form = RevealForm(request.POST if request.method == "POST" else None)
    restore_form(request, form)
    secret = _read(actor, key, form) if form.is_valid() else None
    shown = {
        **page_context(request),
        "credential": credential,
        "form": form,
        "seconds": SHOWN_SECONDS,
    }
    if secret is None:
        return render(request, "console/reveal.html", shown, status=form.status)
    answer = render(request, "console/revealed.html", {**shown, **_opened(secret)})
    # Works without scripts. no-store also keeps it out of the browser's back/forward cache.
    answer["Refresh"] = f"{SHOWN_SECONDS}; url={reverse('credential', args=[key])}"
    answer["Cache-Control"] = "no-store"
    return answer


def _read(actor: Actor, key: str, form: RevealForm) -> SecretOut | None:
    """Lease, read once, release. The recent sign-in is required before a lease is issued."""
    actor.require(Action.READ_CREDENTIAL)
    asked = {"key": key, "purpose": form.cleaned_data["purpose"], "ttl": LEASE_SECONDS}
    with form.refusals(*NOT_NOW):
        handle = lease_credential(actor, LeaseCredential.parse(asked)).lease_handle
        try:
            return read_credential(actor, ReadCredential(lease_handle=handle))
        finally:
            release_lease(actor, ReleaseLease(lease_handle=handle))
    return None


def _opened(secret: SecretOut) -> dict[str, object]:
    fields = {name: value.get_secret_value() for name, value in secret.secret_fields.items()}
    return {
        "value": secret.value.get_secret_value(),
        "secret_fields": fields,
        "version": secret.version,
    }
