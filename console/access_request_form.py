"""The form that asks for more access, on its own page and on the team page."""

from functools import partial

from django import forms

from console.credential_forms import CHOOSE, machine_text
from console.fields import rule
from console.operation_form import OperationForm
from credentials.shapes.access_requests import RequestAccess
from credentials.validators import check_folder_path, check_key
from foundation.errors import CredentialNotFound, FolderNotFound, NotFound
from foundation.schema.durations import parse_duration
from foundation.schema.safe_text import require_visible

LEVELS = [
    ("viewer", "viewer: see that it exists"),
    ("user", "user: lease and read it"),
    ("manager", "manager: change and rotate it"),
    ("admin", "admin: give access to others"),
]
DURATION = partial(parse_duration, field="duration")


class AskForm(OperationForm):
    """What a member asks for."""

    field_for = {CredentialNotFound: "key", FolderNotFound: "folder_path"}
    words_for = {NotFound: "You see nothing of that name. Ask an owner or admin in person."}

    key = forms.CharField(
        label="Credential",
        required=False,
        widget=machine_text(),
        help_text="Its key, such as stripe-api-key. Leave it empty to ask for a folder.",
        validators=[rule(check_key)],
    )
    folder_path = forms.CharField(
        label="Or a folder",
        required=False,
        widget=machine_text(),
        help_text="Everything in it and below it, such as stripe/live.",
        validators=[rule(check_folder_path)],
    )
    level = forms.ChoiceField(label="Level", choices=LEVELS, error_messages=CHOOSE)
    duration = forms.CharField(
        label="For how long",
        required=False,
        widget=machine_text(),
        help_text="Such as 8h or 30d. Empty: without an end.",
        validators=[rule(DURATION)],
    )
    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text="The person who decides reads it.",
        validators=[rule(partial(require_visible, field="reason", least=3))],
    )

    def shape(self) -> RequestAccess:
        """Raises Invalid."""
        cleaned = self.cleaned_data
        return RequestAccess.parse(
            {
                "key": cleaned["key"] or None,
                "folderPath": cleaned["folder_path"] or None,
                "level": cleaned["level"],
                "duration": cleaned["duration"] or None,
                "reason": cleaned["reason"],
            }
        )


def ask_form(key: str, level: str, folder: str = "") -> AskForm:
    """The form, filled in by a link that names what is missing."""
    wanted = level if level in {word for word, _ in LEVELS} else "user"
    opened = {"key": key, "folder_path": folder, "level": wanted, "duration": "8h"}
    return AskForm(initial=opened)
