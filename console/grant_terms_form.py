"""The terms of a grant as they are typed: its end, and the agents that it is limited to."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.credential_forms import CHOOSE, machine_text
from console.operation_form import OperationForm
from foundation.db.clock import database_now
from foundation.errors import Invalid
from foundation.schema.durations import parse_duration


def check_duration(text: str) -> None:
    """One number and a unit; unlike programs, people do not type plain seconds."""
    try:
        parse_duration(text, field="ends_after")
    except Invalid:
        raise ValidationError("One number and a unit, such as 90s, 15m, 8h or 30d.") from None


class GrantTermsForm(OperationForm):
    """An end and a limit to agents. With the limit and no agent ticked, no agent may use it."""

    shows_hint = True

    ends_after = forms.CharField(
        label="For how long",
        required=False,
        widget=machine_text(),
        help_text="Such as 8h or 30d. Empty: without an end.",
        validators=[check_duration],
    )
    limited = forms.BooleanField(label="Only through these agents:", required=False)
    agents = forms.MultipleChoiceField(
        label="Agents", required=False, widget=forms.CheckboxSelectMultiple, error_messages=CHOOSE
    )

    def __init__(
        self, data: Any, *, agents: list[tuple[str, str]], initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["agents"].choices = agents  # type: ignore[attr-defined]  # a choice field

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("agents") and not self.cleaned_data.get("limited"):
            self.add_error(
                "limited", "Agents are ticked below; tick this as well, or none of them."
            )
        return self.cleaned_data

    def until(self) -> datetime | None:
        """When the grant ends; None without an end."""
        typed = self.cleaned_data["ends_after"]
        if not typed:
            return None
        return database_now() + timedelta(seconds=parse_duration(typed, field="ends_after"))

    def only_through(self) -> list[str] | None:
        """The ticked agents; None without a limit."""
        return self.cleaned_data["agents"] if self.cleaned_data["limited"] else None
