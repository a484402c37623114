"""Rotating a credential, and the window in which its old value stays readable."""

from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import CHOOSE, MACHINE_TEXT, PASTE_AGAIN, machine_text
from console.fields import SecretField, rule
from console.lookups import AnyOperation, find_or_404
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
from credentials.generation import ALPHABETS, can_generate
from credentials.operations import change_window, roll_back_rotation, rotate_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from credentials.shapes.rotations import ChangeWindow, RotateCredential
from foundation.errors import Conflict, Invalid, Unavailable
from foundation.schema.durations import parse_duration
from leases.operations import show_activity
from leases.shapes import ShowActivity

NOT_NOW = (Invalid, Conflict, Unavailable)
TYPED, GENERATED = "typed", "generated"
SOURCES = [(TYPED, "Paste the new value"), (GENERATED, "Generate one at random")]
# Whose values Vault may choose; any other service would not know a generated one.
OWN = "generic-secret"
NOT_ISSUED = "Paste the value that the service issued. It does not know one generated here."
WINDOW = rule(partial(parse_duration, field="window", minimum=0))


class RotateForm(OperationForm):
    """The new value and its window; `submission` makes a form that is sent twice act once."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    source = forms.ChoiceField(
        label="The new value", choices=SOURCES, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    new_value = SecretField(
        label="Value",
        required=False,
        help_text="Sealed when you send it, exactly as typed, and never shown here again.",
        widget=forms.Textarea({**MACHINE_TEXT, "rows": 4}),
    )
    length = forms.IntegerField(label="Length", min_value=16, max_value=256, initial=32)
    alphabet = forms.ChoiceField(
        label="Characters",
        choices=[(alphabet, alphabet) for alphabet in ALPHABETS],
        error_messages=CHOOSE,
    )
    window = forms.CharField(
        label="Window",
        required=False,
        help_text="How long the old value stays readable. Empty: as in the policy.",
        widget=machine_text(),
        validators=[WINDOW],
    )
    emergency = forms.BooleanField(
        label="Emergency: the old value and all leases on it end at once", required=False
    )
    reason = forms.CharField(
        label="Reason", required=False, max_length=500, help_text="It is recorded in the audit log."
    )

    def __init__(self, data: Any, credential: CredentialDetailOut) -> None:
        source = GENERATED if credential.type == OWN else TYPED
        super().__init__(data, initial={"submission": uuid4(), "source": source})
        if not can_generate(credential.type):
            self.fields["source"].choices = SOURCES[:1]  # type: ignore[attr-defined]  # the stubs know the base only
            for name in ("length", "alphabet"):
                del self.fields[name]
        elif credential.type != OWN:
            self.fields["source"].help_text = NOT_ISSUED

    def clean(self) -> dict[str, Any]:
        source, typed = (self.cleaned_data.get(name) for name in ("source", "new_value"))
        if source == TYPED and not typed and not self.has_error("new_value"):
            self.add_error("new_value", "Paste the new value.")
        if source == GENERATED and typed:
            self.add_error("source", "You typed a value; choose here to use it.")
        return self.cleaned_data

    def shape(self, key: str) -> RotateCredential:
        """Raises Invalid."""
        cleaned = self.cleaned_data
        value = {"newValue": cleaned["new_value"]}
        if cleaned["source"] == GENERATED:
            value = {"generate": {"length": cleaned["length"], "alphabet": cleaned["alphabet"]}}
        window = 0 if cleaned["emergency"] else cleaned["window"]
        members = {
            "key": key,
            "reason": cleaned["reason"],
            "idempotencyKey": str(cleaned["submission"]),
            **value,
        }
        return RotateCredential.parse(members if window == "" else {**members, "window": window})

    def ask_again(self) -> None:
        """Ask for the value again, which was not kept."""
        if self.cleaned_data.get("new_value") and not self.has_error("new_value"):
            self.add_error("new_value", PASTE_AGAIN)


def rotate(request: HttpRequest, key: str) -> HttpResponse:
    """Give a credential a new value."""
    actor = actor_for(request)
    credential = find_or_404(actor, key, rotate_credential)
    sent = request.method == "POST"
    form = RotateForm(request.POST if sent else None, credential)
    if sent:
        if form.is_valid():
            with form.refusals(*NOT_NOW):
                rotate_credential(actor, form.shape(key))
                messages.success(request, f"{key} has a new value.")
                return redirect("credential", key)
        form.ask_again()
    activity = show_activity(actor, ShowActivity(key=key))
    shown = {
        **page_context(request),
        "credential": credential,
        "form": form,
        "live_leases": activity.live_leases,
        "used_by": [usage for usage in activity.usage if usage.week],
    }
    return render(request, "console/rotate.html", shown, status=form.status)


class WindowForm(ConfirmForm):
    """When the open window ends, counted from now."""

    window = forms.CharField(
        label="From now",
        help_text="Such as 30m. 0s closes it at once: leases on the old value end.",
        widget=machine_text(),
        validators=[WINDOW],
    )


def window(request: HttpRequest, key: str) -> HttpResponse:
    """Shorten, lengthen or close the open window."""
    actor = actor_for(request)
    credential = _with_window(actor, key, change_window)
    form = WindowForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        change = {"key": key, "window": form.cleaned_data["window"]}
        with form.refusals(*NOT_NOW):
            change_window(actor, ChangeWindow.parse(change))
            messages.success(request, "The window is changed.")
            return redirect("credential", key)
    question = Question(
        heading=f"Change the window of {key}",
        action="Change it",
        lines=["The old value cannot be read after that."],
        cancel=_page(credential),
    )
    return confirm(request, question, form)


def roll_back(request: HttpRequest, key: str) -> HttpResponse:
    """Make the old value current again while the window is open."""
    actor = actor_for(request)
    credential = _with_window(actor, key, roll_back_rotation)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.refusals(*NOT_NOW):
            roll_back_rotation(actor, DescribeCredential(key=key))
            messages.success(request, "The old value is current again, as a new version.")
            return redirect("credential", key)
    question = Question(
        heading=f"Roll the rotation of {key} back",
        action="Roll it back",
        lines=[
            "The old value becomes current again, as a new version.",
            "The new value and all leases on it end.",
        ],
        cancel=_page(credential),
    )
    return confirm(request, question, form)


def _with_window(actor: Actor, key: str, operation: AnyOperation) -> CredentialDetailOut:
    credential = find_or_404(actor, key, operation)
    if credential.rotation is None:
        raise Conflict("No rotation window is open on this credential.")
    return credential


def _page(credential: CredentialDetailOut) -> str:
    return reverse("credential", args=[credential.key])
