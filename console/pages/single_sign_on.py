"""Single sign-on: the provider through which a tenant's members may sign in."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console.credential_forms import machine_text
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
from console.pending_forms import restore_form
from foundation.errors import Denied, Invalid, Unavailable
from identity.oidc_client.shapes import ChangeSingleSignOn, SingleSignOnOut
from identity.operations import change_single_sign_on, show_single_sign_on

HIDDEN = forms.PasswordInput({"autocomplete": "off"})


class SingleSignOnForm(OperationForm):
    """The tenant's provider."""

    issuer = forms.CharField(
        label="Issuer",
        max_length=300,
        help_text="Exactly as the provider names itself, such as https://login.example.org.",
        widget=machine_text(inputmode="url"),
    )
    client_id = forms.CharField(label="Client ID", max_length=191, widget=machine_text())
    client_secret = forms.CharField(
        label="Client secret",
        max_length=1024,
        required=False,
        strip=False,
        widget=HIDDEN,
        help_text="Sealed, and never shown again. Leave it empty to keep the one there is.",
    )
    domains = forms.CharField(
        label="E-mail domains",
        max_length=2000,
        help_text="Only verified addresses in these domains are accepted, such as example.org.",
        widget=machine_text(),
    )
    creates_members = forms.BooleanField(
        label="Somebody new becomes a member by signing in", required=False
    )
    enabled = forms.BooleanField(label="Switched on", required=False, initial=True)

    def shape(self) -> ChangeSingleSignOn:
        """Raises Invalid."""
        cleaned = dict(self.cleaned_data)
        return ChangeSingleSignOn.parse(
            {
                "issuer": cleaned["issuer"],
                "clientId": cleaned["client_id"],
                "clientSecret": cleaned["client_secret"] or None,
                "domains": cleaned["domains"].replace(",", " ").split(),
                "createsMembers": cleaned["creates_members"],
                "enabled": cleaned["enabled"],
            }
        )


def single_sign_on(request: HttpRequest) -> HttpResponse:
    """Show and change the tenant's provider; the secret is never shown again."""
    actor = actor_for(request)
    current = show_single_sign_on(actor)
    sent = request.method == "POST"
    form = SingleSignOnForm(request.POST if sent else None, initial=_typed(current))
    restore_form(request, form)
    if form.is_valid():
        with form.refusals(Denied, Invalid, Unavailable):
            change_single_sign_on(actor, form.shape())
            messages.success(request, "Single sign-on is saved.")
            return redirect("admin:sign_in")
    shown = {**page_context(request), "form": form, "current": current}
    return render(request, "console/sign_in.html", shown, status=422 if form.errors else 200)


def _typed(current: SingleSignOnOut) -> dict[str, Any]:
    if not current.configured:
        return {}
    return {**current.model_dump(), "domains": ", ".join(current.domains)}
