"""Asking for more access, and deciding on what others ask for."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from access.actor import Actor
from access.levels import Level
from console.actors import actor_for
from console.choices import admins
from console.credential_forms import CHOOSE, machine_text
from console.errors import handle_errors
from console.fields import rule
from console.operation_form import HintingForm, OperationForm
from console.page_context import (
    page_context,
    reload_if_changed,
    require_step_up_to_submit,
    signed_in,
)
from console.pending_forms import restore_form
from credentials.operations import (
    decide_access_request,
    request_access,
    show_access_request,
    withdraw_access_request,
)
from credentials.shapes.access_requests import DecideAccessRequest, RequestAccess
from credentials.validators import check_folder_path, check_key
from foundation.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded, VaultError
from foundation.schema.durations import parse_duration
from foundation.schema.safe_text import require_visible

LEVELS = [
    ("viewer", "viewer: see that it exists"),
    ("user", "user: lease and read it"),
    ("manager", "manager: change and rotate it"),
    ("admin", "admin: give access to others"),
]
DURATION = partial(parse_duration, field="duration")


class AskForm(OperationForm):
    """What a member wants; the names are the shape's, as errors name them."""

    key = forms.CharField(
        label="Credential",
        required=False,
        widget=machine_text(),
        help_text="Its key, such as stripe-api-key. Leave it empty to ask for a folder.",
        validators=[rule(check_key)],
    )
    folder_path = forms.CharField(
        label="Or a folder",
        required=False,
        widget=machine_text(),
        help_text="Everything in it and below it, such as stripe/live.",
        validators=[rule(check_folder_path)],
    )
    level = forms.ChoiceField(label="Level", choices=LEVELS, error_messages=CHOOSE)
    duration = forms.CharField(
        label="For how long",
        required=False,
        widget=machine_text(),
        help_text="Such as 8h or 30d. Empty: without an end.",
        validators=[rule(DURATION)],
    )
    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text="Whoever decides reads it.",
        validators=[rule(partial(require_visible, field="reason", least=3))],
    )

    def shape(self) -> RequestAccess:
        """Raises Invalid."""
        said = self.cleaned_data
        return RequestAccess.parse(
            {
                "key": said["key"] or None,
                "folderPath": said["folder_path"] or None,
                "level": said["level"],
                "duration": said["duration"] or None,
                "reason": said["reason"],
            }
        )

    def refuse(self, error: VaultError) -> None:
        """Say it beside the field that it is about."""
        if isinstance(error, NotFound):
            name = "key" if self.cleaned_data["key"] else "folder_path"
            self.add_error(name, "You see nothing of that name. Ask an owner or admin in person.")
            return
        super().refuse(error)


def ask_form(key: str, level: str, folder: str = "") -> AskForm:
    """The form as a link that says what is missing opens it."""
    wanted = level if level in {word for word, _ in LEVELS} else "user"
    opened = {"key": key, "folder_path": folder, "level": wanted, "duration": "8h"}
    return AskForm(initial=opened)


def _linked(asked: QueryDict) -> AskForm:
    """What the address names; a field that makes no sense says so when it is sent."""
    return ask_form(asked.get("key", ""), asked.get("level", ""), asked.get("folder", ""))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def ask(request: HttpRequest) -> HttpResponse:
    """Ask; the request then waits in the inbox of those who can decide."""
    actor = actor_for(request)
    form = AskForm(request.POST) if request.method == "POST" else _linked(request.GET)
    if request.method == "POST" and form.is_valid():
        address = _asked(actor, form)
        if address:
            messages.success(request, "Your request waits for an owner, an admin or a keeper.")
            return redirect("access_request", address)
    shown = {**page_context(request, "team"), "form": form, "governors": admins(actor)}
    return render(request, "console/ask.html", shown, status=422 if form.errors else 200)


def _asked(actor: Actor, form: AskForm) -> str:
    try:
        return request_access(actor, form.shape()).request_id
    except (Invalid, NotFound, Conflict, Denied, QuotaExceeded) as error:
        form.refuse(error)
        return ""


class GrantForm(HintingForm):
    """A person's word on a request for access; `decision` is the button that was pressed."""

    decision = forms.ChoiceField(
        choices=[("approve", "Approve"), ("deny", "Deny")],
        error_messages=dict.fromkeys(["required", "invalid_choice"], "Choose Approve or Deny."),
    )
    level = forms.ChoiceField(
        label="Level",
        required=False,
        help_text="What was asked for, or less.",
        error_messages=CHOOSE,
    )
    duration = forms.CharField(
        label="For how long",
        required=False,
        widget=machine_text(),
        help_text="What was asked for, or less. Empty: as it was asked for.",
        validators=[rule(DURATION)],
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text="Whoever asked reads it, and it stands in the log.",
        validators=[rule(partial(require_visible, field="reason"))],
    )

    def __init__(self, data: Any, *, level: str) -> None:
        super().__init__(data, initial={"level": level})
        offered = [pair for pair in LEVELS if Level.of(pair[0]) <= Level.of(level)]
        self.fields["level"].choices = offered  # type: ignore[attr-defined]  # a choice field

    @property
    def approves(self) -> bool:
        """Whether the answer is yes."""
        return bool(self.cleaned_data["decision"] == "approve")

    def shape(self, request_id: str) -> DecideAccessRequest:
        """Raises Invalid."""
        said = self.cleaned_data
        wish = {"requestId": request_id, "approve": self.approves, "reason": said["reason"]}
        if self.approves:
            wish |= {"level": said["level"] or None, "duration": said["duration"] or None}
        return DecideAccessRequest.parse(wish)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@require_step_up_to_submit(GrantForm)
@handle_errors
def access_request(request: HttpRequest, access_request_id: str) -> HttpResponse:
    """One request for access; approved as asked for or for less, or denied with a reason."""
    actor = actor_for(request)
    wish = show_access_request(actor, access_request_id)
    if "HX-Request" in request.headers:
        return reload_if_changed(request, wish.state)
    sent = request.method == "POST"
    form = GrantForm(request.POST if sent else None, level=wish.level)
    restore_form(request, form)
    if sent and form.is_valid() and _decide(actor, form, access_request_id):
        word = "Approved" if form.approves else "Denied"
        messages.success(request, f"{word}: {wish.level} for {wish.asker.name}.")
        return redirect("approvals")
    shown = {**page_context(request, "approvals"), "wish": wish, "form": form}
    return render(request, "console/access_request.html", shown, status=422 if form.errors else 200)


def _decide(actor: Actor, form: GrantForm, request_id: str) -> bool:
    try:
        decide_access_request(actor, form.shape(request_id))
    except (Invalid, Conflict) as error:
        form.refuse(error)
        return False
    return True


@require_POST
@never_cache
@signed_in
@handle_errors
def withdraw(request: HttpRequest, access_request_id: str) -> HttpResponse:
    """Take one's own request back."""
    withdraw_access_request(actor_for(request), access_request_id)
    messages.success(request, "Your request is withdrawn.")
    return redirect("approvals")
