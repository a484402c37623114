"""The single sign-on page: which provider a tenant's people may sign in through."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from pydantic.alias_generators import to_snake

from access.actor import Actor
from console.actors import actor_for
from console.credential_forms import machine_text
from console.page_context import page_context, require_step_up
from console.pending_forms import restore_form
from foundation.errors import Denied, Invalid, StepUpRequired, Unavailable
from identity.oidc_client.shapes import ChangeSingleSignOn, SingleSignOnOut
from identity.operations import change_single_sign_on, show_single_sign_on

HIDDEN = forms.PasswordInput({"autocomplete": "off"})


class SingleSignOnForm(forms.Form):
    """The names are the shape's, as errors name them."""

    issuer = forms.CharField(
        label="Issuer",
        max_length=300,
        help_text="Exactly as the provider calls itself, such as https://login.example.org.",
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
        help_text="Only verified addresses of these are believed, such as example.org.",
        widget=machine_text(),
    )
    creates_members = forms.BooleanField(
        label="Somebody new becomes a member by signing in", required=False
    )
    enabled = forms.BooleanField(label="Switched on", required=False, initial=True)

    def shape(self) -> ChangeSingleSignOn:
        """Raises Invalid."""
        said = dict(self.cleaned_data)
        return ChangeSingleSignOn.parse(
            {
                "issuer": said["issuer"],
                "clientId": said["client_id"],
                "clientSecret": said["client_secret"] or None,
                "domains": said["domains"].replace(",", " ").split(),
                "createsMembers": said["creates_members"],
                "enabled": said["enabled"],
            }
        )

    def refuse(self, error: Denied | Invalid | Unavailable) -> None:
        """Say it beside the field that it is about."""
        name = to_snake(getattr(error, "field", None) or "")
        self.add_error(name if name in self.fields else None, error.detail)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@require_step_up(SingleSignOnForm)
def single_sign_on(request: HttpRequest) -> HttpResponse:
    """Show and change the tenant's provider; the secret is typed and never comes back."""
    actor = actor_for(request)
    current = show_single_sign_on(actor)
    sent = request.method == "POST"
    form = SingleSignOnForm(request.POST if sent else None, initial=_typed(current))
    restore_form(request, form)
    if sent and _change(actor, form):
        messages.success(request, "Single sign-on is saved.")
        return redirect("admin:sign_in")
    shown = {**page_context(request, "sign-in"), "form": form, "current": current}
    return render(request, "console/sign_in.html", shown, status=422 if form.errors else 200)


def _typed(current: SingleSignOnOut) -> dict[str, Any]:
    if not current.configured:
        return {}
    return {**current.model_dump(), "domains": ", ".join(current.domains)}


def _change(actor: Actor, form: SingleSignOnForm) -> bool:
    if not form.is_valid():
        return False
    try:
        change_single_sign_on(actor, form.shape())
    except StepUpRequired:
        raise
    except (Denied, Invalid, Unavailable) as error:
        form.refuse(error)
        return False
    return True
