"""Approvals: the requests that wait for a decision, and one of them with what helps to decide."""

from functools import partial

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from access.actor import Actor
from console.credential_forms import machine_text
from console.decision import DecisionForm, decide
from console.fields import rule
from console.formatting import typed_duration
from console.page_context import actor_for, page_context, paging, reload_if_changed
from credentials.operations import list_access_requests, list_credential_requests
from credentials.shapes.access_requests import ListAccessRequests
from credentials.shapes.credential_requests import ListCredentialRequests
from foundation.errors import Conflict, Denied, Invalid
from foundation.schema.durations import parse_duration
from leases.operations import decide_lease, list_approvals, show_approval, withdraw_lease
from leases.shapes import ApprovalDetailOut, DecideLease, ListApprovals

PAGE = 50


class LeaseDecisionForm(DecisionForm):
    """A decision on a request for a lease: for the time that was requested, or less."""

    shown = (Invalid, Conflict, Denied)

    ttl = forms.CharField(
        label="For how long",
        required=False,
        help_text="The time that was asked for, or less. It starts when the agent fetches it.",
        widget=machine_text(),
        validators=[rule(partial(parse_duration, field="ttl", minimum=1))],
    )

    def shape(self, request_id: str) -> DecideLease:
        """Raises Invalid."""
        members = self.members(request_id)
        if self.approves and self.cleaned_data["ttl"]:
            members["ttl"] = self.cleaned_data["ttl"]
        return DecideLease.parse(members)


def inbox(request: HttpRequest) -> HttpResponse:
    """Waiting or decided requests; htmx fetches the list alone after events."""
    actor = actor_for(request)
    state = "decided" if request.GET.get("state") == "decided" else "waiting"
    query = {"state": state, **paging(request, PAGE)}
    asked = {"state": state, "limit": PAGE, "cursor": request.GET.get("more") or None}
    further = {**asked, "cursor": request.GET.get("further") or None}
    missing = ListCredentialRequests.parse(further)
    shown = {
        **page_context(request),
        "page": list_approvals(actor, ListApprovals.parse(query)),
        "access_requests": list_access_requests(actor, ListAccessRequests.parse(asked)),
        "credential_requests": list_credential_requests(actor, missing),
        "state": state,
    }
    part = "HX-Request" in request.headers
    return render(request, f"console/approvals{'_list' if part else ''}.html", shown)


def waiting(request: HttpRequest) -> HttpResponse:
    """The number beside the link to the inbox, fetched after events."""
    shown = {"waiting": count_waiting(actor_for(request))}
    return render(request, "console/parts/waiting.html", shown)


def count_waiting(actor: Actor) -> int:
    """How many requests this person can decide on now."""
    leases = list_approvals(actor, ListApprovals(limit=1)).waiting_for_me
    access = list_access_requests(actor, ListAccessRequests(limit=1)).waiting_for_me
    missing = list_credential_requests(actor, ListCredentialRequests(limit=1)).waiting_for_me
    return leases + access + missing


def approval(request: HttpRequest, request_id: str) -> HttpResponse:
    """One request; approved for the time asked for or for less, or denied with a reason."""
    actor = actor_for(request)
    shown = show_approval(actor, request_id)
    if "HX-Request" in request.headers:
        return reload_if_changed(request, shown.state)
    form = LeaseDecisionForm(
        request.POST if request.method == "POST" else None,
        initial={"ttl": typed_duration(shown.ttl_seconds)},
    )

    def outcome(approved: bool) -> str:
        if approved:
            return f"Approved: {shown.asker.name} gets {shown.key} with the next call."
        return f"Denied: {shown.asker.name} does not get {shown.key}."

    return decide(
        request,
        form,
        lambda: decide_lease(actor, form.shape(request_id)),
        outcome,
        ("console/approval.html", {"asked": shown, "times": _times(shown)}),
    )


def _times(shown: ApprovalDetailOut) -> list[int]:
    """Buttons' times in seconds: the requested one, and usual ones below it."""
    usual = [shown.usual_ttl_seconds, 300, 900, 3600]
    return sorted({shown.ttl_seconds, *(item for item in usual if item < shown.ttl_seconds)})


def withdraw(request: HttpRequest, request_id: str) -> HttpResponse:
    """Withdraw one's own request."""
    withdraw_lease(actor_for(request), request_id)
    messages.success(request, "Your request is withdrawn.")
    return redirect("approvals")
