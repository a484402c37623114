"""Requests for a missing credential: a person stores it here, or says no."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from access.actor import Actor
from console.choices import agent_choices
from console.credential_forms import StoreForm
from console.decision import reason_field
from console.formatting import lease_times
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context, reload_if_changed
from credentials.operations import (
    decline_credential_request,
    show_credential_request,
    store_requested_credential,
    withdraw_credential_request,
)
from credentials.operations.choices import list_folder_choices
from credentials.shapes.credential_requests import (
    CredentialRequestOut,
    DeclineCredentialRequest,
    StoreRequestedCredential,
)
from disclosure import usual_destination
from foundation.errors import Conflict, Denied, Invalid, Unavailable


class StoreRequestedForm(StoreForm):
    """The form that stores a credential, filled in with what was asked for; the key is fixed."""

    def __init__(
        self, data: Any, asked: CredentialRequestOut, *, agents: list[tuple[str, str]]
    ) -> None:
        hosts = [usual_destination(asked.destination).to_wire()] if asked.destination else None
        opened = {
            "key": asked.key,
            "folder_path": asked.folder_path,
            "type": asked.type,
            "description": asked.purpose,
            "destinations": hosts,
        }
        super().__init__(data, agents=agents, initial=opened)
        self.fields["key"].disabled = True
        if hosts:
            self.fields[
                "destinations"
            ].help_text += " Check the host that was asked for: the value will be sent there."
        self._request_id = asked.request_id

    def shape(self) -> StoreRequestedCredential:
        """Raises Invalid."""
        stored = super().shape().model_dump(exclude={"policy"})
        return StoreRequestedCredential.model_validate(
            {**stored, "policy": self.policy(), "request_id": self._request_id}
        )


class DeclineForm(OperationForm):
    """The answer no."""

    reason = reason_field()


def credential_request(request: HttpRequest, credential_request_id: str) -> HttpResponse:
    """One request; the person stores the credential, or says no with a reason."""
    actor = actor_for(request)
    shown = show_credential_request(actor, credential_request_id)
    if "HX-Request" in request.headers:
        return reload_if_changed(request, shown.state)
    sent = request.POST if request.method == "POST" else None
    declines = sent is not None and sent.get("decision") == "deny"
    form = StoreRequestedForm(None if declines else sent, shown, agents=agent_choices(actor))
    decline = DeclineForm(sent if declines else None)
    done = _decline(actor, decline, shown) if declines else _store(actor, form)
    if done:
        messages.success(request, done)
        return redirect("approvals")
    context = {
        **page_context(request),
        "asked": shown,
        "form": form,
        "decline": decline,
        "lapsed": "not decided in time",
        "folders": list_folder_choices(actor),
        "presets": lease_times(),
    }
    status = max(form.status, decline.status)
    return render(request, "console/credential_request.html", context, status=status)


def _store(actor: Actor, form: StoreRequestedForm) -> str:
    """What was done; empty when the form was not sent, or refused."""
    if form.is_valid():
        with form.refusals(Invalid, Conflict, Denied, Unavailable):
            stored = store_requested_credential(actor, form.shape())
            return f"{stored.key} is stored. Its value is sealed."
    if form.is_bound:
        form.ask_again()
    return ""


def _decline(actor: Actor, form: DeclineForm, shown: CredentialRequestOut) -> str:
    """What was done; empty when the form was refused."""
    if form.is_valid():
        with form.refusals(Invalid, Conflict, Denied):
            reason = form.cleaned_data["reason"]
            given = DeclineCredentialRequest.parse(
                {"requestId": shown.request_id, "reason": reason}
            )
            decline_credential_request(actor, given)
            return f"Denied: {shown.key} is not stored for {shown.asker.name}."
    return ""


def withdraw(request: HttpRequest, credential_request_id: str) -> HttpResponse:
    """Withdraw one's own request."""
    withdraw_credential_request(actor_for(request), credential_request_id)
    messages.success(request, "Your request is withdrawn.")
    return redirect("approvals")
