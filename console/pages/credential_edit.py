"""Changing what is written beside a value, and where a credential stands."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from access.actor import Actor
from console.actors import actor_for
from console.choices import agent_choices, known_folders, member_choices
from console.credential_forms import EditForm, machine_text
from console.fields import plain, rule
from console.formatting import BANDS
from console.lookups import find_or_404
from console.page_context import page_context
from credentials.operations import move_credential, update_credential
from credentials.shapes.credentials import CredentialDetailOut, CredentialOut, MoveCredential
from credentials.validators import check_folder_path
from foundation.errors import Conflict, Denied, Invalid, PreconditionFailed

NOT_NOW = (Invalid, Conflict, PreconditionFailed)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """Everything but the value; an edit of something older is refused and keeps what was typed."""
    actor = actor_for(request)
    credential = find_or_404(actor, key)
    form = EditForm(
        request.POST if request.method == "POST" else None,
        credential,
        agents=agent_choices(actor),
        members=member_choices(actor),
    )
    if request.method == "POST":
        changed = _edit(actor, form, key)
        if changed:
            messages.success(request, f"{changed.key} is changed.")
            return redirect("admin:credential", changed.key)
    shown = {
        **page_context(request, "credentials"),
        "credential": credential,
        "form": form,
        "bands": BANDS,
        "stale": form.status == PreconditionFailed.status,
    }
    return render(request, "console/edit.html", shown, status=form.status)


def _edit(actor: Actor, form: EditForm, key: str) -> CredentialOut | None:
    if not form.is_valid():
        return None
    try:
        return update_credential(actor, form.shape(key))
    except NOT_NOW as error:
        form.refuse(error)
        return None


class MoveForm(forms.Form):
    """Where to; `revision` is the credential as it was when the form was opened."""

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
        self.status = 200 if data is None else Invalid.status

    def shape(self, key: str) -> MoveCredential:
        """What was typed, as the operation takes it."""
        said = self.cleaned_data
        return MoveCredential.parse(
            {"key": key, "folderPath": said["folder_path"], "revision": said["revision"]}
        )


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, key: str) -> HttpResponse:
    """Into another folder: rights that came from the old one end."""
    actor = actor_for(request)
    credential = find_or_404(actor, key)
    form = MoveForm(request.POST if request.method == "POST" else None, credential)
    if form.is_valid():
        try:
            move_credential(actor, form.shape(key))
        except (*NOT_NOW, Denied) as error:
            form.status = error.status
            form.add_error("folder_path", plain(error))
        else:
            messages.success(request, f"{key} is moved.")
            return redirect("admin:credential", key)
    shown = {
        **page_context(request, "credentials"),
        "credential": credential,
        "form": form,
        "folders": known_folders(actor),
    }
    return render(request, "console/move.html", shown, status=form.status)
