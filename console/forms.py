"""The form that stores a credential; it turns what was typed into the operation's shape."""

import re
from typing import Any

from django import forms
from pydantic.alias_generators import to_camel, to_snake

from access.errors import Invalid, VaultError
from console.fields import RowsField, SecretField, member, plain, rule
from console.words import KINDS
from credentials.naming import (
    check_description,
    check_folder_path,
    check_key,
    check_metadata,
    check_secret_fields,
    check_tags,
)
from credentials.shapes import CreateCredential, PolicyIn

TYPES = [("", "Choose a type"), *((word, kind.title) for word, kind in KINDS.items())]
APPROVALS = [("none", "Not needed"), ("required", "A person approves every lease")]
CHOOSE = {"invalid_choice": "Choose from the list."}
MACHINE_TEXT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def machine_text(**attributes: str) -> forms.TextInput:
    """An input for text that machines read: nothing is corrected or remembered."""
    return forms.TextInput({**MACHINE_TEXT, **attributes})


def duration_field(label: str, name: str, help_text: str, **attributes: str) -> forms.CharField:
    """An optional duration such as `15m`, member `name` of the policy."""
    return forms.CharField(
        label=label,
        required=False,
        help_text=help_text,
        widget=machine_text(**attributes),
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


class StoreForm(forms.Form):
    """Every part of a new credential; the names are the shape's, as errors name them."""

    key = forms.CharField(
        label="Key",
        help_text="The name agents ask for, such as stripe-api-key.",
        widget=machine_text(),
        validators=[rule(check_key)],
    )
    folder_path = forms.CharField(
        label="Folder",
        required=False,
        help_text="Such as stripe/live. A new one is made; empty means the top.",
        widget=machine_text(list="folders"),
        validators=[rule(check_folder_path)],
    )
    type = forms.ChoiceField(label="Type", choices=TYPES, error_messages=CHOOSE)
    description = forms.CharField(
        label="Description",
        required=False,
        help_text="What it is for. Not secret: people and agents find it by this.",
        validators=[rule(check_description)],
    )
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
    metadata = RowsField(
        check_metadata,
        label="Metadata",
        help_text="Plain facts anyone who sees the credential may read: account, environment.",
    )
    tags = forms.CharField(
        label="Tags",
        required=False,
        help_text="Separated by spaces or commas, such as live billing.",
        widget=machine_text(),
    )
    default_ttl = duration_field(
        "Usual lease", "defaultTtl", "Such as 15m. Empty: the tenant's.", list="usual-leases"
    )
    max_ttl = duration_field(
        "Longest lease", "maxTtl", "Such as 2h. Empty: the tenant's.", list="longest-leases"
    )
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
    agents = forms.MultipleChoiceField(
        label="Only these agents",
        required=False,
        help_text="Tick none to allow every agent of people who may use this credential.",
        widget=forms.CheckboxSelectMultiple,
        error_messages=CHOOSE,
    )

    def __init__(self, data: Any, *, agents: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.status = 200 if data is None else Invalid.status
        self.fields["agents"].choices = agents  # type: ignore[attr-defined]  # the stubs know the base only

    def clean_tags(self) -> list[str]:
        """The tags as a list; the domain checks each."""
        tags = [tag for tag in re.split(r"[,\s]+", self.cleaned_data["tags"]) if tag]
        rule(lambda _: check_tags(tags))("")
        return tags

    def shape(self) -> CreateCredential:
        """What was typed, as the operation takes it; Invalid where the parts do not fit."""
        names = CreateCredential.model_fields.keys() - {"policy"}
        typed = {to_camel(name): self.cleaned_data[name] for name in names}
        return CreateCredential.parse({**typed, "policy": self._policy()})

    def _policy(self) -> PolicyIn:
        typed = {to_camel(name): self.cleaned_data.get(name) for name in PolicyIn.model_fields}
        return PolicyIn.parse({name: one for name, one in typed.items() if one})

    def refuse(self, error: VaultError) -> None:
        """Put a refusal beside the field that it is about."""
        field = to_snake(str(error.extra.get("field", "")).split(".")[0])
        self.status = error.status
        self.add_error(field if field in self.fields else None, plain(error))

    def ask_again(self) -> None:
        """Say beside each secret that it has to be typed again: none was kept."""
        for name in ("value", "secret_fields"):
            if self.cleaned_data.get(name) and not self.has_error(name):
                self.add_error(name, "Type this again: secrets are not kept between tries.")
