"""Importing the file of another tool: each row is examined as if it were stored by hand."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from pydantic import SecretStr

from access.actions import Action
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.context import CredentialContext, operation
from credentials.importers.foreign_values import refuse_foreign, remark_on
from credentials.importers.rows import Row, name_from
from credentials.operations.credentials import store_credential
from credentials.shapes.credentials import CreateCredential
from credentials.shapes.imports import ImportCredentials, ImportOut, OutcomeWord, RowChoice, RowOut
from credentials.types import examine
from foundation.errors import Conflict, Invalid, VaultError

OTHER_KEY = "give it another, or set a prefix or name the rows after their folders."
NO_CHOICE = RowChoice(row=1)


@dataclass(slots=True)
class Planned:
    """A row with what the caller chose for it, and its outcome."""

    row: Row
    key: str
    kind: str
    folder: str
    chosen: bool = False
    outcome: OutcomeWord = "would_create"
    reason: str = ""

    def fail(self, reason: str) -> None:
        """Mark the row as not stored."""
        self.outcome, self.reason = "failed", reason


class _RollBack(Exception):
    """Rolls back the savepoint of a dry run, or of an import of which nothing may stay."""


def _ignore_progress(_done: int, _total: int) -> None:
    """Without a `watch`."""


def _plan(request: ImportCredentials, **_: object) -> list[Planned]:
    choices = {choice.row: choice for choice in request.rows}
    rows = request.file_rows[1]
    planned = [_planned(request, row, choices.pop(row.number, NO_CHOICE)) for row in rows]
    if choices:
        raise Invalid("rows: one of them is no row of this file.", "rows")
    _fail_duplicates(planned)
    return planned


def _require_folder(context: CredentialContext, request: ImportCredentials, **_: object) -> None:
    context.require_folder(request.folder_path)


@operation(
    Action.IMPORT_CREDENTIALS, Event.CREDENTIAL_IMPORTED, permit=_require_folder, check=_plan
)
def import_credentials(
    context: CredentialContext,
    request: ImportCredentials,
    *,
    watch: Callable[[int, int], None] = _ignore_progress,
) -> ImportOut:
    """Store the rows of another tool's file; answers the outcome of each.

    Needs `manager` on each folder. Every stored credential has its own audit entry, the import
    one more. `watch` is called with (rows done, all rows).
    Invalid when the file has another format than chosen, or a choice names no row of it.
    """
    planned = _plan(request)
    context.require_folder(request.folder_path)
    try:
        with transaction.atomic():
            _store_all(context, planned, watch)
            _require_kept(request, planned)
    except _RollBack:
        pass
    result = _result(request, planned)
    context.entry.add_details(
        format=request.file_rows[0],
        dry_run=request.dry_run,
        created=result.created,
        skipped=result.skipped,
        failed=result.failed,
    )
    return result


def _planned(request: ImportCredentials, row: Row, choice: RowChoice) -> Planned:
    inner = row.folder if request.keep_folders else ""
    below = "/".join(part for part in (request.folder_path, inner) if part)
    folder = below if choice.folder_path is None else choice.folder_path
    key = choice.key or _key(request, row, folder)
    plan = Planned(row, key, choice.type or row.kind, folder, chosen=choice.type is not None)
    if row.skip or choice.leave_out:
        plan.outcome, plan.reason = "skipped", row.skip or "Left out, as asked."
    elif row.fault:
        plan.fail(row.fault)
    elif not plan.key:
        plan.fail("Its name has no letter or digit to make a key of; give it a key.")
    elif not plan.chosen and (why := refuse_foreign(row.value)):
        plan.fail(f"{why} To store it as it stands, choose its type.")
    return plan


def _key(request: ImportCredentials, row: Row, folder: str) -> str:
    name = name_from(row.name)
    before = folder.replace("/", "-") if request.name_after_folder else ""
    return name and name_from("-".join(part for part in (before, request.prefix + name) if part))


def _fail_duplicates(planned: list[Planned]) -> None:
    seen: set[str] = set()
    for plan in planned:
        if plan.outcome != "would_create":
            continue
        if plan.key in seen:
            plan.fail(f"A row before it has the same key; {OTHER_KEY}")
        seen.add(plan.key)


def _store_all(
    context: CredentialContext, planned: list[Planned], watch: Callable[[int, int], None]
) -> None:
    for done, plan in enumerate(planned, start=1):
        if plan.outcome == "would_create":
            try:
                with transaction.atomic():
                    _store(context, plan)
                plan.outcome = "created"
            except Conflict as error:
                plan.fail(f"{error.detail} {OTHER_KEY.capitalize()}")
            except VaultError as error:
                plan.fail(error.detail)
        watch(done, len(planned))


def _store(context: CredentialContext, plan: Planned) -> None:
    context.require_folder(plan.folder)
    remarks = [plan.row.note, "" if plan.chosen else _fall_back(plan), remark_on(plan.row.value)]
    entry = EntryDraft(Event.CREDENTIAL_CREATED)
    entry.add_details(imported=True)
    store_credential(context, entry, _request(plan))
    record(context.actor, entry)
    plan.reason = " ".join(part for part in remarks if part)


def _fall_back(plan: Planned) -> str:
    """A value that is none of the guessed type becomes a generic secret, and that is said."""
    try:
        examine(plan.kind, plan.row.value, plan.row.secret_fields, plan.row.metadata)
    except Invalid as error:
        guess, plan.kind = plan.kind, "generic-secret"
        if guess != plan.kind:
            return f"Stored as generic-secret, for it is no {guess}: {error.detail}"
    return ""


def _request(plan: Planned) -> CreateCredential:
    return CreateCredential.parse(
        {
            "key": plan.key,
            "type": plan.kind,
            "folderPath": plan.folder,
            "value": SecretStr(plan.row.value),
            "secretFields": {
                name: SecretStr(text) for name, text in plan.row.secret_fields.items()
            },
            "metadata": dict(plan.row.metadata),
            "tags": list(plan.row.tags),
        }
    )


def _require_kept(request: ImportCredentials, planned: list[Planned]) -> None:
    failed = any(plan.outcome == "failed" for plan in planned)
    if request.dry_run:
        _replace_outcomes(planned, "would_create")
    if failed and request.mode == "all-or-nothing":
        _replace_outcomes(planned, "not_created")
    if request.dry_run or (failed and request.mode == "all-or-nothing"):
        raise _RollBack


def _replace_outcomes(planned: list[Planned], outcome: OutcomeWord) -> None:
    for plan in planned:
        if plan.outcome in {"created", "would_create"}:
            plan.outcome = outcome


def _result(request: ImportCredentials, planned: list[Planned]) -> ImportOut:
    outcomes = [plan.outcome for plan in planned]
    return ImportOut(
        format=request.file_rows[0],
        dry_run=request.dry_run,
        created=outcomes.count("created"),
        skipped=outcomes.count("skipped"),
        failed=outcomes.count("failed"),
        rows=[_row_out(plan) for plan in planned],
    )


def _row_out(plan: Planned) -> RowOut:
    used = plan.outcome != "skipped"
    return RowOut.model_validate(
        {
            "row": plan.row.number,
            "name": plan.row.name[:128],
            "key": plan.key or None if used else None,
            "type": plan.kind if used else None,
            "folder_path": plan.folder if used else None,
            "outcome": plan.outcome,
            "reason": plan.reason or None,
        }
    )
