"""Importing a file of another tool: checked first, then stored.

The file's content is never written into a page. With scripts the result of the check is fetched
into the page, whose form keeps the file; without them the file is chosen a second time.
"""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables

from access.actor import Actor
from console.credential_forms import CHOOSE, MACHINE_TEXT, TYPES, machine_text
from console.fields import SecretField, rule
from console.lookups import folders_to_store_in
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
from credentials.importers.file_text import file_text
from credentials.operations import import_credentials
from credentials.shapes.imports import ImportCredentials, ImportOut, RowOut
from credentials.validators import check_folder_path
from foundation.errors import Conflict, Denied, Invalid, TooLarge, Unavailable

FORMATS = [
    ("detect", "Find out from the file"),
    ("env", "A .env file"),
    ("1password-1pux", "1Password, 1PUX"),
    ("1password-csv", "1Password, CSV"),
    ("1password-1pif", "1Password, 1PIF"),
    ("bitwarden-json", "Bitwarden, JSON"),
    ("bitwarden-csv", "Bitwarden, CSV"),
    ("keepass-xml", "KeePass 2, XML"),
    ("keepass-csv", "KeePass or KeePassXC, CSV"),
    ("lastpass-csv", "LastPass, CSV"),
    ("json", "Doppler, or names and texts as JSON"),
    ("infisical-json", "Infisical, JSON"),
    ("infisical-csv", "Infisical, CSV"),
    ("vault-kv", "HashiCorp Vault, vault kv get as JSON"),
    ("aws-credentials", "AWS credentials file"),
    ("kubeconfig", "kubeconfig"),
    ("google-service-account", "Google service account key"),
    ("pem", "PEM: a certificate with its key, or keys"),
]
MODES = [
    ("all-or-nothing", "Store nothing when a row fails"),
    ("best-effort", "Store the rows that can be stored"),
]
# Django would write a larger request to disk; the command takes larger files.
LARGEST = 2 * 1024 * 1024
# Rows that can be corrected in the page; a form may have 500 fields.
REPAIRABLE = 100
REFUSED = (Invalid, TooLarge, Conflict, Denied, Unavailable)


class ImportForm(OperationForm):
    """What to import; the content is a file or pasted."""

    format = forms.ChoiceField(
        label="What it is", initial="detect", choices=FORMATS, error_messages=CHOOSE
    )
    file = forms.FileField(
        label="File", required=False, help_text="At most 2 MiB. It is read, not kept."
    )
    content = SecretField(
        label="Or its content",
        required=False,
        help_text="Pasted here instead of a file.",
        widget=forms.Textarea({**MACHINE_TEXT, "rows": 6}),
    )
    folder_path = forms.CharField(
        label="Into the folder",
        required=False,
        help_text="Such as stripe/live. A new one is made; empty means the top.",
        widget=machine_text(list="folders"),
        validators=[rule(check_folder_path)],
    )
    keep_folders = forms.BooleanField(
        label="Keep the file's own folders below it", required=False, initial=True
    )
    key_prefix = forms.CharField(
        label="Before each key",
        required=False,
        max_length=64,
        help_text="Such as prod-, where names of several files collide.",
        widget=machine_text(),
    )
    name_after_folder = forms.BooleanField(
        label="Name each key after its folder, too", required=False
    )
    mode = forms.ChoiceField(label="When a row fails", choices=MODES, error_messages=CHOOSE)

    def __init__(self, data: Any, files: Any) -> None:
        super().__init__(data, files)
        self.rows: list[str] = data.getlist("row") if data is not None else []

    def clean_file(self) -> str:
        """The file's text; empty without a file."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > LARGEST:
            raise forms.ValidationError("At most 2 MiB; the command takes larger files.")
        try:
            return file_text(file.read())
        except Invalid as error:
            raise forms.ValidationError(error.detail) from None

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "file" in cleaned and bool(cleaned["file"]) == bool(cleaned.get("content")):
            self.add_error("file", "Either choose a file or paste its content.")
        return cleaned

    def shape(self, *, dry_run: bool) -> ImportCredentials:
        """The choices, with the corrections of rows. Raises Invalid."""
        cleaned = self.cleaned_data
        return ImportCredentials.parse(
            {
                "format": cleaned["format"],
                "content": cleaned["file"] or cleaned["content"],
                "folderPath": cleaned["folder_path"],
                "keepFolders": cleaned["keep_folders"],
                "prefix": cleaned["key_prefix"],
                "nameAfterFolder": cleaned["name_after_folder"],
                "mode": cleaned["mode"],
                "dryRun": dry_run,
                "rows": list(self._choices()),
            }
        )

    def _choices(self) -> Iterator[dict[str, Any]]:
        for number in self.rows[:REPAIRABLE]:
            choice: dict[str, Any] = {"row": number if not number.isdecimal() else int(number)}
            if key := self.data.get(f"row_{number}_key", "").strip():
                choice["key"] = key
            if kind := self.data.get(f"row_{number}_type", ""):
                choice["type"] = kind
            if f"row_{number}_out" in self.data:
                choice["leaveOut"] = True
            yield choice


def import_file(request: HttpRequest) -> HttpResponse:
    """The form, the result of the check, and after storing the result for each row."""
    actor = actor_for(request)
    folders = folders_to_store_in(actor)
    sent = request.method == "POST"
    form = ImportForm(request.POST if sent else None, request.FILES if sent else None)
    stores = sent and request.POST.get("step") == "store"
    outcome = _outcome(actor, form, stores) if form.is_valid() else None
    shown = {
        **page_context(request),
        "form": form,
        "folders": folders,
        "tab": "import",
        "outcome": outcome,
        "repairable": _repairable(outcome),
        "types": [("", "As detected"), *TYPES[1:]],
        "format_label": dict(FORMATS)[outcome.format] if outcome else "",
        "stored": stores and outcome is not None and outcome.created > 0,
    }
    # htmx shows a fetched part only with status 200; a whole page has the form's status.
    status = 200 if "HX-Request" in request.headers or outcome else form.status
    return render(request, "console/import.html", shown, status=status)


@sensitive_variables()
def _outcome(actor: Actor, form: ImportForm, stores: bool) -> ImportOut | None:
    with form.refusals(*REFUSED):
        return import_credentials(actor, form.shape(dry_run=not stores))
    return None


def _repairable(outcome: ImportOut | None) -> list[RowOut]:
    """The rows that can get another key or type, or be left out; the failed ones first."""
    if outcome is None:
        return []
    rows = [row for row in outcome.rows if row.outcome != "skipped"]
    return sorted(rows, key=lambda row: row.outcome != "failed")[:REPAIRABLE]
