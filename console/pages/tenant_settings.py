"""The tenant's settings in one form; an edit of an older revision is refused."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from pydantic.alias_generators import to_camel

from console.credential_forms import CHOOSE, DISCLOSURES, machine_text
from console.fields import member
from console.formatting import lease_times, typed_duration
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
from console.pending_forms import restore_form
from foundation.errors import Invalid, PreconditionFailed, Unavailable
from tenants.models import HARD_MAXIMUM_TTL
from tenants.operations import change_settings, show_settings
from tenants.shapes.tenants import ChangeSettings, SettingsOut

BASELINES = [
    ("none", "Nothing: they see only what they were given"),
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
    """The settings; `revision` is theirs when the form was opened."""

    words_for = {
        PreconditionFailed: "Somebody changed the settings since you opened this page. Nothing was "
        "saved: open it again to see their changes."
    }

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
    default_disclosure = forms.ChoiceField(
        label="Who may read a value, unless its credential says otherwise",
        choices=DISCLOSURES,
        error_messages=CHOOSE,
    )
    minimum_disclosure = forms.ChoiceField(
        label="At the very least",
        choices=DISCLOSURES,
        help_text="No credential discloses more than this allows. A stricter setting ends leases "
        "at once.",
        error_messages=CHOOSE,
    )
    default_ttl = _duration(
        "Usual lease", "defaultTtl", "For credentials without a default of their own."
    )
    max_ttl = _duration(
        "Longest lease", "maxTtl", "A longer time is capped, and the answer says so. At most 7d."
    )
    default_window = _duration(
        "Usual rotation window", "defaultWindow", "How long the old value stays readable."
    )
    max_window = _duration("Longest rotation window", "maxWindow", "At most 7d.")
    max_leases_per_person = _count("Live leases of a person", "maxLeasesPerPerson")
    max_leases_per_agent = _count("Live leases of an agent", "maxLeasesPerAgent")
    max_credentials_per_agent = _count("Credentials an agent leases", "maxCredentialsPerAgent")
    retention_days = _count(
        "Days for which ended leases and delivered mail are kept", "retentionDays"
    )
    max_credentials_per_person = _count("Credentials a person leases", "maxCredentialsPerPerson")

    def shape(self) -> ChangeSettings:
        """Raises Invalid."""
        return ChangeSettings.parse(
            {to_camel(name): value for name, value in self.cleaned_data.items()}
        )


def tenant_settings(request: HttpRequest) -> HttpResponse:
    """Show and change the settings; what was typed stays when something is invalid."""
    actor = actor_for(request)
    current = show_settings(actor)
    sent = request.method == "POST"
    form = SettingsForm(request.POST if sent else None, initial=_typed(current))
    restore_form(request, form)
    if sent and form.is_valid():
        with form.refusals(Invalid, PreconditionFailed, Unavailable):
            change_settings(actor, form.shape())
            messages.success(request, "The settings are saved and in force.")
            return redirect("admin:settings")
    shown = {
        **page_context(request),
        "form": form,
        "presets": lease_times(HARD_MAXIMUM_TTL),
    }
    return render(request, "console/settings.html", shown, status=422 if form.errors else 200)


def _typed(current: SettingsOut) -> dict[str, Any]:
    known = current.model_dump()
    return {**known, **{name: typed_duration(known[f"{name}_seconds"]) for name in DURATIONS}}
