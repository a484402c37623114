"""A new value for a credential, and the window in which the old one is still good."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from access.actor import Actor
from console.actors import actor_for
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import CHOOSE, MACHINE_TEXT, machine_text
from console.fields import SecretField, plain, rule
from console.lookups import find_or_404
from console.page_context import page_context
from credentials.generation import ALPHABETS, can_generate
from credentials.operations import change_window, roll_back_rotation, rotate_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from credentials.shapes.rotations import ChangeWindow, RotateCredential
from foundation.errors import Conflict, Invalid, Unavailable, VaultError
from foundation.schema.durations import parse_duration

NOT_NOW = (Invalid, Conflict, Unavailable)
TYPED, GENERATED = "typed", "generated"
SOURCES = [(GENERATED, "Generate one at random"), (TYPED, "Type or paste one")]
WINDOW = rule(partial(parse_duration, field="window", minimum=0))


class RotateForm(forms.Form):
    """The new value and its window; `submission` makes a form that is sent twice act once."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    source = forms.ChoiceField(
        label="New value", choices=SOURCES, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    new_value = SecretField(
        label="The value",
        required=False,
        help_text="Sealed when you send it, exactly as typed, and never shown here again.",
        widget=forms.Textarea({**MACHINE_TEXT, "rows": 4}),
    )
    length = forms.IntegerField(label="Length", min_value=16, max_value=256, initial=32)
    alphabet = forms.ChoiceField(
        label="Characters", choices=[(one, one) for one in ALPHABETS], error_messages=CHOOSE
    )
    window = forms.CharField(
        label="Window",
        required=False,
        help_text="How long the old value stays readable. Empty: as the policy has it.",
        widget=machine_text(),
        validators=[WINDOW],
    )
    emergency = forms.BooleanField(
        label="Emergency: the old value and all leases on it end at once", required=False
    )
    reason = forms.CharField(
        label="Reason", required=False, max_length=500, help_text="It stands in the audit log."
    )

    def __init__(self, data: Any, credential: CredentialDetailOut) -> None:
        super().__init__(data, initial={"submission": uuid4(), "source": GENERATED})
        self.status = 200 if data is None else Invalid.status
        if not can_generate(credential.type):
            self.initial["source"] = TYPED
            self.fields["source"].choices = SOURCES[1:]  # type: ignore[attr-defined]  # the stubs know the base only
            for name in ("length", "alphabet"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        source, typed = (self.cleaned_data.get(name) for name in ("source", "new_value"))
        if source == TYPED and not typed and not self.has_error("new_value"):
            self.add_error("new_value", "Type or paste the new value.")
        if source == GENERATED and typed:
            self.add_error("source", "You typed a value; say here that it is to be used.")
        return self.cleaned_data

    def shape(self, key: str) -> RotateCredential:
        """What was typed; Invalid where the parts do not fit."""
        said = self.cleaned_data
        value = {"newValue": said["new_value"]}
        if said["source"] == GENERATED:
            value = {"generate": {"length": said["length"], "alphabet": said["alphabet"]}}
        window = 0 if said["emergency"] else said["window"]
        asked = {"key": key, "reason": said["reason"], "idempotencyKey": str(said["submission"])}
        return RotateCredential.parse(
            {**asked, **value, **({} if window == "" else {"window": window})}
        )

    def refuse(self, error: VaultError) -> None:
        """Beside the field that it is about; a secret has to be typed again."""
        field = {"newValue": "new_value", "window": "window", "reason": "reason"}
        self.status = error.status
        self.add_error(field.get(str(error.extra.get("field", ""))), plain(error))

    def ask_again(self) -> None:
        """The value was not kept."""
        if self.cleaned_data.get("new_value") and not self.has_error("new_value"):
            self.add_error("new_value", "Type this again: secrets are not kept between tries.")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: HttpRequest, key: str) -> HttpResponse:
    """Give it a new value."""
    actor = actor_for(request)
    credential = find_or_404(actor, key)
    sent = request.method == "POST"
    form = RotateForm(request.POST if sent else None, credential)
    if sent:
        if _rotated(actor, form, key):
            messages.success(request, f"{key} has a new value.")
            return redirect("admin:credential", key)
        form.ask_again()
    shown = {**page_context(request, "credentials"), "credential": credential, "form": form}
    return render(request, "console/rotate.html", shown, status=form.status)


def _rotated(actor: Actor, form: RotateForm, key: str) -> bool:
    if not form.is_valid():
        return False
    try:
        rotate_credential(actor, form.shape(key))
    except NOT_NOW as error:
        form.refuse(error)
        return False
    return True


class WindowForm(ConfirmForm):
    """When the open window shall end, counted from now."""

    window = forms.CharField(
        label="From now",
        help_text="Such as 30m. 0s closes it at once: leases on the old value end.",
        widget=machine_text(),
        validators=[WINDOW],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def window(request: HttpRequest, key: str) -> HttpResponse:
    """Shorten, lengthen or close the open window."""
    actor = actor_for(request)
    credential = _with_window(actor, key)
    form = WindowForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        wish = {"key": key, "window": form.cleaned_data["window"]}
        if _done(form, lambda: change_window(actor, ChangeWindow.parse(wish))):
            messages.success(request, "The window is changed.")
            return redirect("admin:credential", key)
    question = Question(
        section="credentials",
        heading=f"Change the window of {key}",
        action="Change it",
        lines=["The old value fails on the first read after it."],
        cancel=_page(credential),
    )
    return confirm(request, question, form)


@require_http_methods(["GET", "HEAD", "POST"])
def roll_back(request: HttpRequest, key: str) -> HttpResponse:
    """Make the old value current again while the window is open."""
    actor = actor_for(request)
    credential = _with_window(actor, key)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _done(
        form, lambda: roll_back_rotation(actor, DescribeCredential(key=key))
    ):
        messages.success(request, "The old value is current again, as a new version.")
        return redirect("admin:credential", key)
    question = Question(
        section="credentials",
        heading=f"Roll the rotation of {key} back",
        action="Roll it back",
        lines=[
            "The old value becomes current again, as a new version.",
            "The new value and all leases on it end.",
        ],
        cancel=_page(credential),
    )
    return confirm(request, question, form)


def _with_window(actor: Actor, key: str) -> CredentialDetailOut:
    credential = find_or_404(actor, key)
    if credential.rotation is None:
        raise Conflict("No rotation window is open on this credential.")
    return credential


def _done(form: ConfirmForm, step: Callable[[], object]) -> bool:
    try:
        step()
    except NOT_NOW as error:
        form.refuse(error)
        return False
    return True


def _page(credential: CredentialDetailOut) -> str:
    return reverse("admin:credential", args=[credential.key])
