"""Requesting more access, and deciding on the requests of others."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from access.levels import Level
from console.access_request_form import DURATION, LEVELS, AskForm, ask_form
from console.credential_forms import CHOOSE, machine_text
from console.decision import DecisionForm, decide
from console.fields import rule
from console.page_context import (
    actor_for,
    page_context,
    reload_if_changed,
)
from credentials.operations import (
    decide_access_request,
    request_access,
    show_access_request,
    withdraw_access_request,
)
from credentials.shapes.access_requests import DecideAccessRequest
from foundation.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    QuotaExceeded,
)
from tenants.operations.choices import list_admins


def _linked(asked: QueryDict) -> AskForm:
    """What the address names; an invalid field shows its error when the form is sent."""
    return ask_form(asked.get("key", ""), asked.get("level", ""), asked.get("folder", ""))


def ask(request: HttpRequest) -> HttpResponse:
    """Request access; the request waits in the inbox of those who can decide."""
    actor = actor_for(request)
    form = AskForm(request.POST) if request.method == "POST" else _linked(request.GET)
    if request.method == "POST" and form.is_valid():
        with form.refusals(Invalid, NotFound, Conflict, Denied, QuotaExceeded):
            asked = request_access(actor, form.shape())
            messages.success(
                request,
                "Your request waits for an owner, an admin, or anyone else with admin on it.",
            )
            return redirect("access_request", asked.request_id)
    shown = {**page_context(request), "form": form, "admins": list_admins(actor).admins}
    return render(request, "console/ask.html", shown, status=422 if form.errors else 200)


class GrantForm(DecisionForm):
    """A decision on a request for access: as requested, or less."""

    shows_hint = True
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
    field_order = ("decision", "level", "duration", "reason")

    def __init__(self, data: Any, *, level: str) -> None:
        super().__init__(data, initial={"level": level})
        offered = [pair for pair in LEVELS if Level.of(pair[0]) <= Level.of(level)]
        self.fields["level"].choices = offered  # type: ignore[attr-defined]  # a choice field

    def shape(self, request_id: str) -> DecideAccessRequest:
        """Raises Invalid."""
        members = self.members(request_id)
        if self.approves:
            members["level"] = self.cleaned_data["level"] or None
            members["duration"] = self.cleaned_data["duration"] or None
        return DecideAccessRequest.parse(members)


def access_request(request: HttpRequest, access_request_id: str) -> HttpResponse:
    """One request for access; approved as asked for or for less, or denied with a reason."""
    actor = actor_for(request)
    shown = show_access_request(actor, access_request_id)
    if "HX-Request" in request.headers:
        return reload_if_changed(request, shown.state)
    form = GrantForm(request.POST if request.method == "POST" else None, level=shown.level)

    def outcome(approved: bool) -> str:
        return f"{'Approved' if approved else 'Denied'}: {shown.level} for {shown.asker.name}."

    return decide(
        request,
        form,
        lambda: decide_access_request(actor, form.shape(access_request_id)),
        outcome,
        ("console/access_request.html", {"asked": shown}),
    )


def withdraw(request: HttpRequest, access_request_id: str) -> HttpResponse:
    """Withdraw one's own request."""
    withdraw_access_request(actor_for(request), access_request_id)
    messages.success(request, "Your request is withdrawn.")
    return redirect("approvals")
