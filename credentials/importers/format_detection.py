"""Which tool wrote a file, by marks that only its files have."""

import csv
import io
import re
from typing import Any

from credentials.importers.dotenv_file import NAME
from credentials.importers.json_files import parsed
from foundation.errors import Invalid

# In base64, a zip archive starts so.
ZIP = "UEsDB"
# The columns that a CSV export has, the most particular first.
COLUMNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("bitwarden-csv", frozenset({"login_password", "name"})),
    ("lastpass-csv", frozenset({"url", "username", "password", "extra", "grouping"})),
    ("keepass-csv", frozenset({"account", "login name", "password"})),
    ("keepass-csv", frozenset({"group", "title", "password"})),
    ("infisical-csv", frozenset({"key", "value"})),
    ("1password-csv", frozenset({"title", "password"})),
)
_AWS = re.compile(r"^\s*\[[^\]\n]+\]\s*$", re.MULTILINE)
_KUBERNETES = re.compile(r"^kind:\s*[\"']?Config\b", re.MULTILINE)
_ENV = re.compile(rf"^\s*(?:export\s+)?{NAME.pattern}\s*=", re.MULTILINE)


def detect_format(content: str) -> str | None:
    """The format of READERS, or None when nothing shows it."""
    start = content.lstrip()[:200]
    if start.startswith(("{", "[")) and (found := _json_format(content)):
        return found
    return _by_beginning(start, content) or _csv_format(content) or _by_lines(content)


def _by_beginning(start: str, content: str) -> str | None:
    if start.startswith(ZIP):
        return "1password-1pux"
    if start.startswith("-----BEGIN "):
        return "pem"
    return "keepass-xml" if start.startswith("<") and "<KeePassFile" in content[:2000] else None


def _by_lines(content: str) -> str | None:
    if "aws_" in content and _AWS.search(content):
        return "aws-credentials"
    if _KUBERNETES.search(content):
        return "kubeconfig"
    return "env" if _ENV.search(content) else None


def _json_format(content: str) -> str | None:
    try:
        found = parsed(content, "JSON")
    except Invalid:
        return "1password-1pif" if "\n***" in content else None
    return _of_list(found) if isinstance(found, list) else _of_object(found)


def _of_list(found: list[Any]) -> str | None:
    named = (isinstance(one, dict) and {"key", "secretKey"} & set(one) for one in found)
    return "infisical-json" if found and all(named) else None


def _of_object(found: dict[str, Any]) -> str | None:
    if "encrypted" in found and ("items" in found or "data" in found):
        return "bitwarden-json"
    if isinstance(found.get("items"), list):
        return "bitwarden-json"
    if found.get("type") == "service_account":
        return "google-service-account"
    if "secureContents" in found:
        return "1password-1pif"
    if isinstance(found.get("data"), dict):
        return "vault-kv"
    texts = all(isinstance(one, str | None | dict) for one in found.values())
    return "json" if found and texts else None


def _csv_format(content: str) -> str | None:
    try:
        row = next(csv.reader(io.StringIO(content[:65_536], newline="")), [])
    except csv.Error:
        return None
    columns = {cell.strip().lower() for cell in row}
    return next((name for name, known in COLUMNS if known <= columns), None)
