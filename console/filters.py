"""Filters of lists: GET forms, so that a choice is part of the address and can be bookmarked."""

from typing import Any

from django import forms

from console.credential_forms import DISCLOSURES, machine_text
from console.fields import member, rule
from console.formatting import KINDS
from credentials.shapes.credentials import SearchCredentials
from credentials.validators import check_folder_path, check_key, check_tag

ANY = ("", "Any")
STATES = [ANY, *((item, item) for item in ("active", "archived", "revoked"))]


class CredentialFilters(forms.Form):
    """Which credentials to list; an invalid field shows its error and does not narrow the list."""

    query = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput({"type": "search"}),
        validators=[member(SearchCredentials, "query", "1 to 200 characters that can be seen.")],
    )
    type = forms.ChoiceField(
        label="Type",
        required=False,
        choices=[ANY, *((word, kind.title) for word, kind in KINDS.items())],
    )
    folder = forms.CharField(
        label="Folder and below",
        required=False,
        widget=machine_text(list="folders"),
        validators=[rule(check_folder_path)],
    )
    tag = forms.CharField(label="Tag", required=False, validators=[rule(check_tag)])
    state = forms.ChoiceField(label="State", required=False, choices=STATES)
    disclosure = forms.ChoiceField(
        label="Who may read it", required=False, choices=[ANY, *DISCLOSURES]
    )

    def chosen(self) -> dict[str, Any]:
        """The choices, as members of the operation's input."""
        self.is_valid()
        names = {"query": "query", "type": "type", "folder": "folderPath", "tag": "tag"}
        chosen = {name: self.cleaned_data.get(mine) for mine, name in names.items()}
        chosen |= {name: self.cleaned_data.get(name) for name in ("state", "disclosure")}
        return {name: value for name, value in chosen.items() if value}


LEASE_STATES = [
    ("", "Live"),
    ("any", "All"),
    *((item, item) for item in ("consumed", "expired", "revoked")),
]


AGENT_STATES = [
    ("", "Not removed"),
    *((item, item) for item in ("active", "waiting", "suspended", "removed")),
]


class AgentFilters(forms.Form):
    """Which agents to list."""

    person = forms.ChoiceField(label="Person", required=False)
    state = forms.ChoiceField(label="State", required=False, choices=AGENT_STATES)

    def __init__(self, data: Any, *, people: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["person"].choices = [ANY, *people]  # type: ignore[attr-defined]  # the stubs know the base only

    def chosen(self) -> dict[str, str]:
        """The choices, as members of the operation's input."""
        self.is_valid()
        cleaned = self.cleaned_data
        members = {"personId": cleaned.get("person", ""), "state": cleaned.get("state", "")}
        return {name: value for name, value in members.items() if value}


class LeaseFilters(forms.Form):
    """Which leases to list, or to end."""

    key = forms.CharField(
        label="Key", required=False, widget=machine_text(), validators=[rule(check_key)]
    )
    agent = forms.ChoiceField(label="Agent", required=False)
    holder = forms.ChoiceField(label="Held by", required=False)
    state = forms.ChoiceField(label="State", required=False, choices=LEASE_STATES)

    def __init__(
        self, data: Any, *, agents: list[tuple[str, str]], holders: list[tuple[str, str]]
    ) -> None:
        super().__init__(data)
        self.fields["agent"].choices = [ANY, *agents]  # type: ignore[attr-defined]  # the stubs know the base only
        self.fields["holder"].choices = [ANY, *holders]  # type: ignore[attr-defined]  # as above

    def chosen(self) -> dict[str, str]:
        """The choices, as members of the operation's input."""
        self.is_valid()
        cleaned = self.cleaned_data
        holder = cleaned.get("holder", "")
        holder_member = "serviceAccountId" if holder.startswith("sa_") else "personId"
        members = {
            "key": cleaned.get("key"),
            "agentId": cleaned.get("agent"),
            holder_member: holder,
        }
        members["state"] = cleaned.get("state")
        return {name: value for name, value in members.items() if value}

    def in_words(self) -> str:
        """Whose leases these are; empty for all of them."""
        cleaned = self.cleaned_data
        names = [
            dict(self.fields[name].choices)[cleaned[name]]  # type: ignore[attr-defined]  # as above
            for name in ("agent", "holder")
            if cleaned[name]
        ]
        return " on ".join(filter(None, [", ".join(names), cleaned["key"]]))
