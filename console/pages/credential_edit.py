"""Editing a credential's metadata and policy, and moving it to another folder."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console.choices import agent_choices, member_choices
from console.credential_forms import EditForm, machine_text
from console.fields import rule
from console.formatting import lease_times
from console.lookups import find_or_404
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
from credentials.operations import move_credential, update_credential
from credentials.operations.choices import list_folder_choices
from credentials.shapes.credentials import CredentialDetailOut, MoveCredential
from credentials.validators import check_folder_path
from foundation.errors import Conflict, Denied, Invalid, PreconditionFailed

NOT_NOW = (Invalid, Conflict, Denied, PreconditionFailed)


def edit(request: HttpRequest, key: str) -> HttpResponse:
    """Everything but the value; an edit of an older revision is refused, what was typed stays."""
    actor = actor_for(request)
    credential = find_or_404(actor, key, update_credential)
    form = EditForm(
        request.POST if request.method == "POST" else None,
        credential,
        agents=agent_choices(actor),
        members=member_choices(actor),
    )
    if form.is_valid():
        with form.refusals(*NOT_NOW):
            changed = update_credential(actor, form.shape(key))
            messages.success(request, f"{changed.key} is changed.")
            return redirect("credential", changed.key)
    shown = {
        **page_context(request),
        "credential": credential,
        "form": form,
        "presets": lease_times(),
        "stale": form.status == PreconditionFailed.status,
    }
    return render(request, "console/edit.html", shown, status=form.status)


class MoveForm(OperationForm):
    """Where to; `revision` is the credential's when the form was opened."""

    default_field = "folder_path"

    revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    folder_path = forms.CharField(
        label="Folder",
        required=False,
        help_text="Such as stripe/live. A new one is made; empty means the top.",
        widget=machine_text(list="folders"),
        validators=[rule(check_folder_path)],
    )

    def __init__(self, data: Any, credential: CredentialDetailOut) -> None:
        opened = {"folder_path": credential.folder_path, "revision": credential.revision}
        super().__init__(data, initial=opened)

    def shape(self, key: str) -> MoveCredential:
        """Raises Invalid."""
        cleaned = self.cleaned_data
        return MoveCredential.parse(
            {"key": key, "folderPath": cleaned["folder_path"], "revision": cleaned["revision"]}
        )


def move(request: HttpRequest, key: str) -> HttpResponse:
    """Move it to another folder: access that came from the old one ends."""
    actor = actor_for(request)
    credential = find_or_404(actor, key, move_credential)
    form = MoveForm(request.POST if request.method == "POST" else None, credential)
    if form.is_valid():
        with form.refusals(*NOT_NOW):
            move_credential(actor, form.shape(key))
            messages.success(request, f"{key} is moved.")
            return redirect("credential", key)
    shown = {
        **page_context(request),
        "credential": credential,
        "form": form,
        "folders": list_folder_choices(actor),
    }
    return render(request, "console/move.html", shown, status=form.status)
