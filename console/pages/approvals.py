"""Approvals: requests that wait for a person, and one of them with all that helps to decide."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydantic.alias_generators import to_snake

from access.actor import Actor
from console.actors import actor_for
from console.credential_forms import machine_text
from console.errors import handle_errors
from console.fields import plain, rule
from console.formatting import typed_duration
from console.navigation import waiting_approvals
from console.page_context import page_context, reload_if_changed, signed_in
from credentials.operations import list_access_requests
from credentials.shapes.access_requests import ListAccessRequests
from foundation.errors import Conflict, Denied, Invalid, VaultError
from foundation.schema.durations import parse_duration
from foundation.schema.safe_text import require_visible
from leases.operations import decide_lease, list_approvals, show_approval, withdraw_lease
from leases.shapes import ApprovalDetailOut, DecideLease, ListApprovals

PAGE = 50


class DecisionForm(forms.Form):
    """What a person says to a request; `decision` is the button that was pressed."""

    decision = forms.ChoiceField(
        choices=[("approve", "Approve"), ("deny", "Deny")],
        error_messages=dict.fromkeys(["required", "invalid_choice"], "Choose Approve or Deny."),
    )
    ttl = forms.CharField(
        label="For how long",
        required=False,
        help_text="The time that was asked for, or less. It starts when the agent fetches it.",
        widget=machine_text(),
        validators=[rule(partial(parse_duration, field="ttl", minimum=1))],
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        help_text="Whoever asked reads it, and it stands in the log.",
        widget=forms.Textarea({"rows": 2}),
        validators=[rule(partial(require_visible, field="reason"))],
    )

    @property
    def approves(self) -> bool:
        """Whether the answer is yes."""
        return bool(self.cleaned_data["decision"] == "approve")

    def shape(self, request_id: str) -> DecideLease:
        """Raises Invalid."""
        said = {"requestId": request_id, "approve": self.approves}
        said["reason"] = self.cleaned_data["reason"]
        if self.approves and self.cleaned_data["ttl"]:
            said["ttl"] = self.cleaned_data["ttl"]
        return DecideLease.parse(said)

    def refuse(self, error: VaultError) -> None:
        """Say it beside the field that it is about."""
        name = to_snake(str(error.extra.get("field", "")))
        self.add_error(name if name in self.fields else None, plain(error))


@require_safe
@never_cache
@signed_in
@handle_errors
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits, or what was decided; htmx fetches the list alone when something happened."""
    actor = actor_for(request)
    state = "decided" if request.GET.get("state") == "decided" else "waiting"
    wish = {"state": state, "limit": PAGE, "cursor": request.GET.get("cursor") or None}
    asked = {"state": state, "limit": PAGE, "cursor": request.GET.get("more") or None}
    shown = {
        **page_context(request, "approvals"),
        "page": list_approvals(actor, ListApprovals.parse(wish)),
        "wishes": list_access_requests(actor, ListAccessRequests.parse(asked)),
        "state": state,
    }
    part = "HX-Request" in request.headers
    return render(request, f"console/approvals{'_list' if part else ''}.html", shown)


@require_safe
@never_cache
@signed_in
@handle_errors
def waiting(request: HttpRequest) -> HttpResponse:
    """The number beside the link to the inbox, fetched when something happened."""
    shown = {"waiting": waiting_approvals(actor_for(request))}
    return render(request, "console/parts/waiting.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def approval(request: HttpRequest, request_id: str) -> HttpResponse:
    """One request; approved for the time asked for or for less, or denied with a reason."""
    actor = actor_for(request)
    shown = show_approval(actor, request_id)
    if "HX-Request" in request.headers:
        return reload_if_changed(request, shown.state)
    sent = request.method == "POST"
    form = DecisionForm(
        request.POST if sent else None, initial={"ttl": typed_duration(shown.ttl_seconds)}
    )
    if sent and form.is_valid() and _decide(actor, form, request_id):
        messages.success(request, _said(shown, approved=form.approves))
        return redirect("approvals")
    context: dict[str, Any] = {
        **page_context(request, "approvals"),
        "approval": shown,
        "form": form,
    }
    context["times"] = _times(shown)
    return render(request, "console/approval.html", context, status=422 if form.errors else 200)


def _decide(actor: Actor, form: DecisionForm, request_id: str) -> bool:
    try:
        decide_lease(actor, form.shape(request_id))
    except (Invalid, Conflict, Denied) as error:
        form.refuse(error)
        return False
    return True


def _said(shown: ApprovalDetailOut, *, approved: bool) -> str:
    if approved:
        return f"Approved: {shown.asker.name} gets {shown.key} with the next call."
    return f"Denied: {shown.asker.name} does not get {shown.key}."


def _times(shown: ApprovalDetailOut) -> list[int]:
    """Seconds to choose from with one press: what was asked for, and usual times below it."""
    usual = [shown.usual_ttl_seconds, 300, 900, 3600]
    return sorted({shown.ttl_seconds, *(one for one in usual if one < shown.ttl_seconds)})


@require_POST
@never_cache
@signed_in
@handle_errors
def withdraw(request: HttpRequest, request_id: str) -> HttpResponse:
    """Take one's own request back."""
    withdraw_lease(actor_for(request), request_id)
    messages.success(request, "Your request is withdrawn.")
    return redirect("approvals")
