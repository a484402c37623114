"""The forms that store and edit a credential."""

import re
from typing import Any

from django import forms
from pydantic.alias_generators import to_camel

from access.levels import Level
from console.destinations_field import (
    HELP,
    PROVIDER_CHOICES,
    DestinationsField,
    with_provider,
)
from console.fields import RowsField, SecretField, member, rule
from console.formatting import KINDS, typed_duration
from console.operation_form import OperationForm
from credentials.importers.type_detection import detect_type, detect_type_by_name
from credentials.shapes.credentials import CreateCredential, CredentialDetailOut, UpdateCredential
from credentials.shapes.destinations import destinations_wire
from credentials.shapes.policies import PolicyIn
from credentials.validators import (
    check_description,
    check_folder_path,
    check_key,
    check_metadata,
    check_secret_fields,
    check_tags,
)
from foundation.errors import Denied

TYPES = [("", "Detect from the value"), *((word, kind.title) for word, kind in KINDS.items())]
APPROVALS = [("none", "Not needed"), ("required", "A person approves every lease")]
DISCLOSURES = [
    ("model", "Agents may read it"),
    ("process", "Only programs may read it, no agent"),
    ("broker", "Nobody: only Vault itself uses it"),
]
REVEALS = [("allowed", "People may see it after signing in again"), ("never", "Nobody sees it")]
# What a manager may change in a policy, and only to something stricter.
TIGHTENED = {"disclosure", "reveal"}
PASTE_AGAIN = "Paste this again: Vault never sends a secret back to the browser."
CHOOSE = {"invalid_choice": "Choose from the list."}
MACHINE_TEXT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def machine_text(**attributes: str) -> forms.TextInput:
    """An input for machine-readable text, without correction or autocompletion."""
    return forms.TextInput({**MACHINE_TEXT, **attributes})


def duration_field(label: str, name: str, help_text: str) -> forms.CharField:
    """An optional duration such as `15m`, member `name` of the policy."""
    return forms.CharField(
        label=label,
        required=False,
        help_text=help_text,
        widget=machine_text(),
        validators=[member(PolicyIn, name, "One number and a unit, such as 90s, 15m, 1h or 7d.")],
    )


def count_field(label: str, name: str, help_text: str) -> forms.IntegerField:
    """An optional whole number, member `name` of the policy."""
    return forms.IntegerField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.NumberInput({"min": 1, "inputmode": "numeric"}),
        validators=[member(PolicyIn, name)],
    )


class CredentialForm(OperationForm):
    """Everything about a credential but its value."""

    field_for = {"new_key": "key"}

    key = forms.CharField(
        label="Key",
        help_text="The name agents ask for, such as stripe-api-key.",
        widget=machine_text(),
        validators=[rule(check_key)],
    )
    description = forms.CharField(
        label="Description",
        required=False,
        help_text="What it is for. Not secret: people and agents search it.",
        validators=[rule(check_description)],
    )
    metadata = RowsField(
        check_metadata,
        label="Metadata",
        help_text="Not secret: everyone who sees the credential may read it. Account, environment.",
    )
    tags = forms.CharField(
        label="Tags",
        required=False,
        help_text="Separated by spaces or commas, such as live billing.",
        widget=machine_text(),
    )
    default_ttl = duration_field("Usual lease", "defaultTtl", "Such as 15m. Empty: the tenant's.")
    max_ttl = duration_field("Longest lease", "maxTtl", "Such as 2h. Empty: the tenant's.")
    max_active_leases = count_field(
        "Leases at a time", "maxActiveLeases", "Empty: as many as the tenant allows."
    )
    max_uses = count_field("Reads per lease", "maxUses", "Empty: no limit.")
    window = duration_field(
        "Rotation window", "window", "How long the old value stays valid. Empty: the tenant's."
    )
    rotate_every = duration_field("Rotate every", "rotateEvery", "Such as 30d. Empty: never due.")
    approval = forms.ChoiceField(
        label="Approval", choices=APPROVALS, required=False, error_messages=CHOOSE
    )
    disclosure = forms.ChoiceField(
        label="Who may read the value",
        choices=[("", "The tenant's default"), *DISCLOSURES],
        required=False,
        error_messages=CHOOSE,
    )
    reveal = forms.ChoiceField(
        label="At the console", choices=REVEALS, required=False, error_messages=CHOOSE
    )
    provider = forms.ChoiceField(
        label="Service",
        choices=PROVIDER_CHOICES,
        required=False,
        help_text="Adds the hosts of a well-known service to those below.",
        error_messages=CHOOSE,
    )
    destinations = DestinationsField(
        label="Where it may be sent",
        help_text=HELP,
        widget=forms.Textarea({**MACHINE_TEXT, "rows": 3}),
    )
    agents = forms.MultipleChoiceField(
        label="Only these agents",
        required=False,
        help_text="Tick none to allow every agent of people who may use this credential.",
        widget=forms.CheckboxSelectMultiple,
        error_messages=CHOOSE,
    )

    def __init__(
        self, data: Any, *, agents: list[tuple[str, str]], initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["agents"].choices = agents  # type: ignore[attr-defined]  # the stubs know the base only

    def clean_tags(self) -> list[str]:
        """The tags as a list, each checked by the domain."""
        tags = [tag for tag in re.split(r"[,\s]+", self.cleaned_data["tags"]) if tag]
        rule(lambda _: check_tags(tags))("")
        return tags

    def clean(self) -> dict[str, Any]:
        """The chosen service's hosts join those that were typed."""
        cleaned = self.cleaned_data
        if "destinations" in cleaned:
            typed, provider = cleaned["destinations"], cleaned.get("provider", "")
            cleaned["destinations"] = with_provider(typed, provider)
        return cleaned

    def policy(self) -> PolicyIn:
        """The policy. Raises Invalid."""
        typed = {to_camel(name): self.cleaned_data.get(name) for name in PolicyIn.model_fields}
        return PolicyIn.parse({name: value for name, value in typed.items() if value})


class StoreForm(CredentialForm):
    """Every part of a new credential."""

    field_for = {**CredentialForm.field_for, Denied: "folder_path"}
    shows_hint = True

    folder_path = forms.CharField(
        label="Folder",
        required=False,
        help_text="Such as stripe/live. A missing folder is created; empty means the top.",
        widget=machine_text(list="folders"),
        validators=[rule(check_folder_path)],
    )
    type = forms.ChoiceField(label="Type", choices=TYPES, required=False, error_messages=CHOOSE)
    value = SecretField(
        label="Value",
        help_text="Sealed when you send it, exactly as typed, and never shown here again.",
        widget=forms.Textarea({**MACHINE_TEXT, "rows": 5}),
    )
    secret_fields = RowsField(
        check_secret_fields,
        secret=True,
        label="Secret fields",
        help_text="What is as secret as the value: a passphrase, a refresh token.",
    )
    field_order = ("key", "folder_path", "type", "value", "secret_fields", "description")

    def clean(self) -> dict[str, Any]:
        """A type that was not chosen is the one that the value shows, or else the key suggests."""
        cleaned = super().clean()
        if "type" in cleaned and not cleaned["type"]:
            value, key = cleaned.get("value", ""), cleaned.get("key", "")
            cleaned["type"] = detect_type(value) or detect_type_by_name(key)
        return cleaned

    @property
    def more_is_wrong(self) -> bool:
        """Whether an error is in a field that is folded away at first."""
        return bool(self.errors.keys() - {"__all__", "key", "folder_path", "type", "value"})

    def shape(self) -> CreateCredential:
        """Raises Invalid."""
        names = CreateCredential.model_fields.keys() - {"policy"}
        typed = {to_camel(name): self.cleaned_data[name] for name in names}
        return CreateCredential.parse({**typed, "policy": self.policy()})

    def ask_again(self) -> None:
        """Say beside each secret that it has to be typed again, because none was kept."""
        for name in ("value", "secret_fields"):
            if self.cleaned_data.get(name) and not self.has_error(name):
                self.add_error(name, PASTE_AGAIN)


class EditForm(CredentialForm):
    """Everything but the value; `revision` is the credential's when the form was opened."""

    revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    owners = forms.MultipleChoiceField(
        label="Owners",
        required=False,
        help_text="Whom to ask about it. Owners get no permission by this.",
        widget=forms.CheckboxSelectMultiple,
        error_messages=CHOOSE,
    )

    def __init__(
        self,
        data: Any,
        credential: CredentialDetailOut,
        *,
        agents: list[tuple[str, str]],
        members: list[tuple[str, str]],
    ) -> None:
        """Below `admin`, the policy can only be made stricter in what it discloses."""
        known = dict(agents)
        gone = [agent for agent in credential.policy.agents or () if agent not in known]
        # Without them the next edit would drop them, and a policy without agents allows any.
        agents = [*agents, *((item, "An agent that was removed") for item in gone)]
        super().__init__(data, agents=agents, initial=_opened(credential))
        self.fields["owners"].choices = members  # type: ignore[attr-defined]  # as above
        self.whole_policy = credential.access == Level.ADMIN.word
        if not self.whole_policy:
            for name in PolicyIn.model_fields.keys() & self.fields.keys() - TIGHTENED:
                self.fields[name].disabled = True
            del self.fields["provider"]

    def shape(self, key: str) -> UpdateCredential:
        """Only what was changed, so that the log names nothing else. Raises Invalid."""
        changed = [
            name for name in ("description", "metadata", "tags", "owners") if self._new(name)
        ]
        parts = {to_camel(name): self.cleaned_data[name] for name in changed}
        if self._new("key"):
            parts["newKey"] = self.cleaned_data["key"]
        if any(self._new(name) for name in PolicyIn.model_fields if name in self.fields):
            parts["policy"] = self.policy()
        return UpdateCredential.parse(
            {"key": key, "revision": self.cleaned_data["revision"], **parts}
        )

    def _new(self, name: str) -> bool:
        before, now = self.initial[name], self.cleaned_data.get(name)
        if name == "destinations":
            return bool(before != now)
        if name == "tags":
            before = before.split()
        elif name == "metadata":
            before = dict(before)
        if isinstance(before, list):
            return sorted(before) != sorted(now or [])
        return bool(before != ("" if now is None else now))


def _opened(credential: CredentialDetailOut) -> dict[str, Any]:
    """The initial values; metadata extracted from the value is left out."""
    policy = credential.policy
    own = {
        name: text
        for name, text in credential.metadata.items()
        if credential.extracted.get(name) != text
    }
    return {
        "revision": credential.revision,
        "key": credential.key,
        "description": credential.description,
        "metadata": list(own.items()),
        "tags": " ".join(credential.tags),
        "owners": credential.owner_ids,
        "default_ttl": typed_duration(policy.default_ttl_seconds),
        "max_ttl": typed_duration(policy.max_ttl_seconds),
        "max_active_leases": policy.max_active_leases or "",
        "max_uses": policy.max_uses or "",
        "window": typed_duration(policy.window_seconds),
        "rotate_every": typed_duration(policy.rotate_every_seconds),
        "approval": policy.approval,
        "agents": policy.agents or [],
        "disclosure": policy.own_disclosure or "",
        "reveal": policy.reveal,
        "destinations": destinations_wire(policy.destinations),
    }
