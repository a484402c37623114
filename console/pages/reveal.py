"""Showing a value to a person: a lease with a purpose and one read, like anyone's.

The value stands in the answer to a form and nowhere else: no address leads to it, no cache keeps
it, and the page leaves by itself.
"""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.actions import Action
from access.actor import Actor
from console.actors import actor_for
from console.fields import plain, rule
from console.lookups import find_or_404
from console.page_context import page_context, require_step_up
from console.pending_forms import restore_form
from foundation.errors import (
    ApprovalPending,
    Conflict,
    Denied,
    Invalid,
    LeaseOver,
    QuotaExceeded,
    StepUpRequired,
    Unavailable,
    VaultError,
)
from foundation.schema.safe_text import require_visible
from leases.operations import lease_credential, read_credential, release_lease
from leases.shapes import LeaseCredential, ReadCredential, ReleaseLease, SecretOut

SHOWN_SECONDS = 30
LEASE_SECONDS = 60
NOT_NOW = (ApprovalPending, Conflict, Denied, Invalid, LeaseOver, QuotaExceeded, Unavailable)


class RevealForm(forms.Form):
    """Why."""

    purpose = forms.CharField(
        label="Purpose",
        max_length=500,
        help_text="Why you need to see it. It stands in the audit log beside your name.",
        widget=forms.TextInput({"autocomplete": "off"}),
        validators=[rule(partial(require_visible, field="purpose", least=3))],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.status = 200 if data is None else Invalid.status

    def refuse(self, error: VaultError) -> None:
        """Say why nothing is shown."""
        self.status = error.status
        self.add_error(None, " ".join(filter(None, [plain(error), error.hint])))


@require_step_up(RevealForm)
@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for the purpose, then show the value for half a minute."""
    actor = actor_for(request)
    credential = find_or_404(actor, key)
    form = RevealForm(request.POST if request.method == "POST" else None)
    restore_form(request, form)
    secret = _read(actor, key, form) if form.is_valid() else None
    shown = {
        **page_context(request, "credentials"),
        "credential": credential,
        "form": form,
        "seconds": SHOWN_SECONDS,
    }
    if secret is None:
        return render(request, "console/reveal.html", shown, status=form.status)
    answer = render(request, "console/revealed.html", {**shown, **_opened(secret)})
    # Also where no script runs. Never to be kept: not by the browser's back and forward either.
    answer["Refresh"] = f"{SHOWN_SECONDS}; url={reverse('admin:credential', args=[key])}"
    answer["Cache-Control"] = "no-store"
    return answer


def _read(actor: Actor, key: str, form: RevealForm) -> SecretOut | None:
    """Lease, read once, give back. The fresh sign-in is asked for before there is a lease."""
    actor.require(Action.READ_CREDENTIAL)
    asked = {"key": key, "purpose": form.cleaned_data["purpose"], "ttl": LEASE_SECONDS}
    try:
        handle = lease_credential(actor, LeaseCredential.parse(asked)).lease_handle
        try:
            return read_credential(actor, ReadCredential(lease_handle=handle))
        finally:
            release_lease(actor, ReleaseLease(lease_handle=handle))
    except StepUpRequired:
        raise
    except NOT_NOW as error:
        form.refuse(error)
        return None


def _opened(secret: SecretOut) -> dict[str, object]:
    fields = {name: one.get_secret_value() for name, one in secret.secret_fields.items()}
    return {
        "value": secret.value.get_secret_value(),
        "secret_fields": fields,
        "version": secret.version,
    }
