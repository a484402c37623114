"""The tenant's settings in one form; an edit of something older is noticed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from pydantic.alias_generators import to_camel

from access.actor import Actor
from console.actors import actor_for
from console.credential_forms import CHOOSE, machine_text
from console.fields import member
from console.formatting import typed_duration
from console.operation_form import OperationForm
from console.page_context import page_context, require_step_up
from console.pending_forms import restore_form
from foundation.errors import Invalid, PreconditionFailed, Unavailable
from tenants.models import HARD_MAXIMUM_TTL
from tenants.operations import change_settings, show_settings
from tenants.shapes.tenants import ChangeSettings, SettingsOut
from tenants.ttl_presets import TTL_PRESETS

BASELINES = [
    ("none", "Nothing: what was not given to them does not exist for them"),
    ("viewer", "See every credential's metadata, and ask for more"),
    ("user", "Lease and read every credential"),
]
DURATIONS = ("default_ttl", "max_ttl", "default_window", "max_window")


def _duration(label: str, name: str, help_text: str = "") -> forms.CharField:
    rule = member(ChangeSettings, name, "One number and a unit, such as 90s, 15m, 1h or 7d.")
    return forms.CharField(
        label=label, help_text=help_text, widget=machine_text(), validators=[rule]
    )


def _count(label: str, name: str) -> forms.IntegerField:
    widget = forms.NumberInput({"min": 1, "inputmode": "numeric"})
    return forms.IntegerField(label=label, widget=widget, validators=[member(ChangeSettings, name)])


class SettingsForm(OperationForm):
    """The names are the shape's, as errors name them."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label="Name", validators=[member(ChangeSettings, "name")])
    baseline_level = forms.ChoiceField(
        label="Every member may", choices=BASELINES, error_messages=CHOOSE
    )
    mfa_required = forms.BooleanField(
        label="Members need a second factor to use the console and to connect agents",
        required=False,
    )
    self_approval = forms.BooleanField(
        label="Who may approve may also approve what they asked for themselves", required=False
    )
    default_ttl = _duration("Usual lease", "defaultTtl", "Where a credential says nothing else.")
    max_ttl = _duration("Longest lease", "maxTtl", "What is over it is cut, and said. At most 7d.")
    default_window = _duration(
        "Usual rotation window", "defaultWindow", "How long the old value stays readable."
    )
    max_window = _duration("Longest rotation window", "maxWindow", "At most 7d.")
    max_leases_per_person = _count("Live leases of a person", "maxLeasesPerPerson")
    max_leases_per_agent = _count("Live leases of an agent", "maxLeasesPerAgent")
    max_credentials_per_agent = _count("Credentials an agent leases", "maxCredentialsPerAgent")

    def shape(self) -> ChangeSettings:
        """Raises Invalid."""
        return ChangeSettings.parse(
            {to_camel(name): value for name, value in self.cleaned_data.items()}
        )


@require_http_methods(["GET", "HEAD", "POST"])
@require_step_up(SettingsForm)
def tenant_settings(request: HttpRequest) -> HttpResponse:
    """Show and change them; what was typed stays when something does not fit."""
    actor = actor_for(request)
    current = show_settings(actor)
    sent = request.method == "POST"
    form = SettingsForm(request.POST if sent else None, initial=_typed(current))
    restore_form(request, form)
    if sent and form.is_valid() and _change(actor, form):
        messages.success(request, "The settings are saved and in force.")
        return redirect("admin:settings")
    shown = {
        **page_context(request, "settings"),
        "form": form,
        "bands": [
            (
                one.name,
                typed_duration(one.default_ttl),
                typed_duration(one.max_ttl or HARD_MAXIMUM_TTL),
            )
            for one in TTL_PRESETS
        ],
    }
    return render(request, "console/settings.html", shown, status=422 if form.errors else 200)


def _change(actor: Actor, form: SettingsForm) -> bool:
    try:
        change_settings(actor, form.shape())
    except PreconditionFailed:
        form.add_error(
            None,
            "Somebody changed the settings since you opened this page. Nothing was saved: open it "
            "again to see theirs.",
        )
        return False
    except (Invalid, Unavailable) as error:
        form.refuse(error)
        return False
    return True


def _typed(current: SettingsOut) -> dict[str, Any]:
    known = current.model_dump()
    return {**known, **{name: typed_duration(known[f"{name}_seconds"]) for name in DURATIONS}}
