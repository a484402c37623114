"""Files of other tools, read into rows that can be stored; one module per tool.

The rows contain secrets and exist in memory only. What is shown of a row is its number, its name
and what is wrong with it, never a value.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from credentials.importers.bitwarden import read_bitwarden_csv, read_bitwarden_json
from credentials.importers.dotenv_file import read_dotenv
from credentials.importers.onepassword import read_onepassword_1pif, read_onepassword_csv
from credentials.importers.rows import MAXIMUM_FILE, MAXIMUM_ROWS, Rows
from foundation.errors import Invalid, TooLarge

FormatWord = Literal["env", "1password-csv", "1password-1pif", "bitwarden-json", "bitwarden-csv"]

READERS: Mapping[str, Callable[[str], Rows]] = MappingProxyType(
    {
        "env": read_dotenv,
        "1password-csv": read_onepassword_csv,
        "1password-1pif": read_onepassword_1pif,
        "bitwarden-json": read_bitwarden_json,
        "bitwarden-csv": read_bitwarden_csv,
    }
)


def read_file(form: FormatWord, content: str) -> Rows:
    """The rows of a file; Invalid for another format or over 1000 rows, TooLarge over 8 MiB.

    A row that cannot be used has a reason in `skip`.
    """
    if len(content.encode("utf-8", "surrogatepass")) > MAXIMUM_FILE:
        raise TooLarge(f"content: at most {MAXIMUM_FILE // 1024 // 1024} MiB.")
    rows = READERS[form](content.removeprefix("\ufeff"))
    if len(rows) > MAXIMUM_ROWS:
        raise Invalid(f"content: at most {MAXIMUM_ROWS} rows; split the file.", "content")
    return rows
