"""Files of other tools, read into rows that can be stored; one module per tool.

The rows contain secrets and exist in memory only. What is shown of a row is its number, its name
and what is wrong with it, never a value.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from credentials.importers.aws_credentials import read_aws_credentials
from credentials.importers.bitwarden import read_bitwarden_csv, read_bitwarden_json
from credentials.importers.dotenv_file import read_dotenv
from credentials.importers.format_detection import detect_format
from credentials.importers.json_files import (
    read_google_key,
    read_infisical_csv,
    read_infisical_json,
    read_json_map,
    read_vault_kv,
)
from credentials.importers.keepass import read_keepass_csv, read_keepass_xml
from credentials.importers.kubeconfig import read_kubeconfig
from credentials.importers.lastpass import read_lastpass_csv
from credentials.importers.onepassword import read_onepassword_1pif, read_onepassword_csv
from credentials.importers.onepassword_archive import read_onepassword_1pux
from credentials.importers.pem_file import read_pem
from credentials.importers.rows import MAXIMUM_FILE, MAXIMUM_ROWS, Rows
from foundation.errors import Invalid, TooLarge

FormatWord = Literal[
    "env",
    "1password-csv",
    "1password-1pif",
    "1password-1pux",
    "bitwarden-json",
    "bitwarden-csv",
    "keepass-csv",
    "keepass-xml",
    "lastpass-csv",
    "json",
    "infisical-json",
    "infisical-csv",
    "vault-kv",
    "aws-credentials",
    "kubeconfig",
    "google-service-account",
    "pem",
]
ChoiceWord = Literal["detect", FormatWord]

READERS: Mapping[FormatWord, Callable[[str], Rows]] = MappingProxyType(
    {
        "env": read_dotenv,
        "1password-csv": read_onepassword_csv,
        "1password-1pif": read_onepassword_1pif,
        "1password-1pux": read_onepassword_1pux,
        "bitwarden-json": read_bitwarden_json,
        "bitwarden-csv": read_bitwarden_csv,
        "keepass-csv": read_keepass_csv,
        "keepass-xml": read_keepass_xml,
        "lastpass-csv": read_lastpass_csv,
        "json": read_json_map,
        "infisical-json": read_infisical_json,
        "infisical-csv": read_infisical_csv,
        "vault-kv": read_vault_kv,
        "aws-credentials": read_aws_credentials,
        "kubeconfig": read_kubeconfig,
        "google-service-account": read_google_key,
        "pem": read_pem,
    }
)
NOTHING_SHOWS = "format: nothing in the file shows what it is; choose its format."


def read_file(form: ChoiceWord, content: str) -> tuple[FormatWord, Rows]:
    """The format and the rows of a file.

    Invalid when it is another format than chosen, unknown or over 1000 rows, TooLarge over 8 MiB.
    A row that cannot be used has a reason in `skip`, one that cannot be read in `fault`.
    """
    if len(content.encode("utf-8", "surrogatepass")) > MAXIMUM_FILE:
        raise TooLarge(f"content: at most {MAXIMUM_FILE // 1024 // 1024} MiB.")
    text = content.removeprefix("\ufeff")
    chosen = _format(form, text)
    rows = READERS[chosen](text)
    if len(rows) > MAXIMUM_ROWS:
        raise Invalid(f"content: at most {MAXIMUM_ROWS} rows; split the file.", "content")
    return chosen, rows


def _format(form: ChoiceWord, text: str) -> FormatWord:
    detected = detect_format(text)
    found = next((word for word in READERS if word == detected), None)
    if form == "detect":
        if found is None:
            raise Invalid(NOTHING_SHOWS, "format")
        return found
    # Almost every text has a line that .env could mean, so that is no objection to a choice.
    if found not in {None, "env", form}:
        raise Invalid(f"format: this file is {found}, not {form}; choose that.", "format")
    return form
