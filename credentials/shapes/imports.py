"""What an import takes and answers."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from credentials.fields import FolderPath, Key, KindWord
from credentials.importers import ChoiceWord, FormatWord, read_file
from credentials.importers.rows import MAXIMUM_ROWS, Rows
from foundation.schema.shapes import Shape

Prefix = Annotated[str, Field(max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")]
OutcomeWord = Literal["created", "would_create", "skipped", "failed", "not_created"]


class RowChoice(Shape):
    """What the caller chooses for one row of the file; what is left out stays as in the file."""

    row: int = Field(ge=1, le=10_000_000)
    key: Key | None = None
    type: KindWord | None = None
    folder_path: FolderPath | None = None
    leave_out: bool = False


class ImportCredentials(Shape):
    """A file of another tool to import.

    When a row fails, `all-or-nothing` stores nothing and `best-effort` the others. With `dryRun`
    everything is checked and nothing stored. `keepFolders` puts rows into the file's own folders
    below `folderPath`. `prefix` stands before each key that no row chooses, and with
    `nameAfterFolder` the folder: `prod-DATABASE_URL`. A 1PUX file comes in as base64.
    """

    format: ChoiceWord = "detect"
    content: SecretStr
    folder_path: FolderPath = ""
    keep_folders: bool = True
    prefix: Prefix = ""
    name_after_folder: bool = False
    dry_run: bool = False
    mode: Literal["all-or-nothing", "best-effort"] = "all-or-nothing"
    rows: Annotated[list[RowChoice], Field(max_length=MAXIMUM_ROWS)] = Field(default_factory=list)

    @cached_property
    def file_rows(self) -> tuple[FormatWord, Rows]:
        """The file's format and rows, read once; Invalid or TooLarge when it cannot be read."""
        return read_file(self.format, self.content.get_secret_value())


class RowOut(Shape):
    """The outcome of one row: its number and name in the file, and where it was stored.

    `reason` explains why a row was skipped or failed, or stored otherwise than the file says; it
    never contains a value.
    """

    row: int
    name: str
    key: str | None
    type: KindWord | None
    folder_path: str | None
    outcome: OutcomeWord
    reason: str | None


class ImportOut(Shape):
    """The outcome of an import, row by row. `created` is 0 after a dry run.

    `format` is the one that was detected or chosen.
    """

    format: FormatWord
    dry_run: bool
    created: int
    skipped: int
    failed: int
    rows: list[RowOut]
