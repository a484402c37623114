"""Storing what a file of another tool holds: each row examined as if it were stored by hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from pydantic import SecretStr

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import EntryDraft, audited, record
from credentials.importers import read_file
from credentials.importers.rows import Row, name_from
from credentials.importers.type_detection import as_stored
from credentials.operations.creation import require_creator, store_credential
from credentials.permissions import Permissions, read_permissions
from credentials.shapes.credentials import CreateCredential
from credentials.shapes.imports import ImportCredentials, ImportOut, OutcomeWord, RowChoice, RowOut
from credentials.versions import open_secret
from foundation.errors import Invalid, VaultError
from tenants.memberships import ActiveMembership, active_membership

NO_CHOICE = RowChoice(row=1)


@dataclass(slots=True)
class Planned:
    """A row with what the caller decided, and how it went."""

    row: Row
    key: str
    kind: str
    folder: str
    outcome: OutcomeWord = "would_create"
    reason: str = ""

    def fails(self, why: str) -> None:
        """It is not stored, and `why` says so."""
        self.outcome, self.reason = "failed", why


class _NothingKept(Exception):
    """Ends the savepoint of a dry run, or of an import of which nothing may stay."""


def _unwatched(_done: int, _of: int) -> None:
    """Nobody looks on."""


def import_credentials(
    actor: Actor, request: ImportCredentials, *, watch: Callable[[int, int], None] = _unwatched
) -> ImportOut:
    """Store the rows of a `.env`, 1Password or Bitwarden file; answers how it went with each.

    Needs `manager` on each folder. Every stored credential has its own entry in the log, the
    import one more. `watch` is told (rows done, rows in all).
    Invalid when it is no such file, or a choice names no row of it.
    """
    planned = _plan(request, read_file(request.format, request.content.get_secret_value()))
    with audited(actor, Action.IMPORT_CREDENTIALS, Event.CREDENTIAL_IMPORTED) as entry:
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        require_creator(held.on_folder(request.folder_path), request.folder_path)
        try:
            with transaction.atomic():
                _store_all(actor, stands, held, planned, watch)
                _require_kept(request, planned)
        except _NothingKept:
            pass
        result = _result(request, planned)
        entry.add_details(
            format=request.format,
            dry_run=request.dry_run,
            created=result.created,
            skipped=result.skipped,
            failed=result.failed,
        )
    return result


def _plan(request: ImportCredentials, rows: Iterable[Row]) -> list[Planned]:
    choices = {choice.row: choice for choice in request.rows}
    planned = [_planned(request, row, choices.pop(row.number, NO_CHOICE)) for row in rows]
    if choices:
        raise Invalid("rows: one of them is no row of this file.", "rows")
    _refuse_twins(planned)
    return planned


def _planned(request: ImportCredentials, row: Row, choice: RowChoice) -> Planned:
    inner = row.folder if request.keep_folders else ""
    below = "/".join(part for part in (request.folder_path, inner) if part)
    folder = below if choice.folder_path is None else choice.folder_path
    plan = Planned(row, choice.key or name_from(row.name), choice.type or row.kind, folder)
    if row.skip or choice.leave_out:
        plan.outcome, plan.reason = "skipped", row.skip or "Left out, as asked."
    elif not plan.key:
        plan.fails("Its name has no letter or digit to make a key of; give it a key.")
    return plan


def _refuse_twins(planned: list[Planned]) -> None:
    seen: set[str] = set()
    for plan in planned:
        if plan.outcome == "would_create" and plan.key in seen:
            plan.fails("A row before it has the same key; give it another.")
        seen.add(plan.key)


def _store_all(
    actor: Actor,
    stands: ActiveMembership,
    held: Permissions,
    planned: list[Planned],
    watch: Callable[[int, int], None],
) -> None:
    for done, plan in enumerate(planned, start=1):
        if plan.outcome == "would_create":
            try:
                with transaction.atomic():
                    _store(actor, stands, held, plan)
                plan.outcome = "created"
            except VaultError as error:
                plan.fails(error.detail)
        watch(done, len(planned))


def _store(actor: Actor, stands: ActiveMembership, held: Permissions, plan: Planned) -> None:
    require_creator(held.on_folder(plan.folder), plan.folder)
    request = _request(plan)
    entry = EntryDraft(Event.CREDENTIAL_CREATED)
    entry.add_details(imported=True)
    store_credential(
        actor, stands, entry, request, open_secret(request.value, request.secret_fields)
    )
    record(actor, entry)


def _request(plan: Planned) -> CreateCredential:
    value = as_stored(plan.kind, plan.row.value)
    return CreateCredential.parse(
        {
            "key": plan.key,
            "type": plan.kind,
            "folderPath": plan.folder,
            "value": SecretStr(value),
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
        _take_back(planned, "would_create")
    if failed and request.mode == "all-or-nothing":
        _take_back(planned, "not_created")
    if request.dry_run or (failed and request.mode == "all-or-nothing"):
        raise _NothingKept


def _take_back(planned: list[Planned], outcome: OutcomeWord) -> None:
    for plan in planned:
        if plan.outcome in {"created", "would_create"}:
            plan.outcome = outcome


def _result(request: ImportCredentials, planned: list[Planned]) -> ImportOut:
    outcomes = [plan.outcome for plan in planned]
    return ImportOut(
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
