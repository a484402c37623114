"""What an import takes and answers."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from credentials.fields import FolderPath, Key
from credentials.importers import FormatWord
from credentials.importers.rows import MAXIMUM_ROWS
from credentials.shapes.credentials import KindWord
from foundation.schema.shapes import Shape

OutcomeWord = Literal["created", "would_create", "skipped", "failed", "not_created"]


class RowChoice(Shape):
    """What the caller decides for one row of the file; what is left out stays as it was found."""

    row: int = Field(ge=1, le=10_000_000)
    key: Key | None = None
    type: KindWord | None = None
    folder_path: FolderPath | None = None
    leave_out: bool = False


class ImportCredentials(Shape):
    """A file of another tool to store from.

    `mode` says what a failing row means: `all-or-nothing` stores nothing then, `best-effort` the
    others. With `dryRun` everything is checked and nothing stored. `keepFolders` puts rows into
    the file's own folders below `folderPath`.
    """

    format: FormatWord
    content: SecretStr
    folder_path: FolderPath = ""
    keep_folders: bool = True
    dry_run: bool = False
    mode: Literal["all-or-nothing", "best-effort"] = "all-or-nothing"
    rows: Annotated[list[RowChoice], Field(max_length=MAXIMUM_ROWS)] = Field(default_factory=list)


class RowOut(Shape):
    """How it went with one row: its number and name in the file, and where it went.

    `reason` says why a row was skipped or failed, and never a value.
    """

    row: int
    name: str
    key: str | None
    type: KindWord | None
    folder_path: str | None
    outcome: OutcomeWord
    reason: str | None


class ImportOut(Shape):
    """The outcome of an import, row by row. `created` is 0 after a dry run."""

    dry_run: bool
    created: int
    skipped: int
    failed: int
    rows: list[RowOut]
