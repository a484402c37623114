"""JSON of secret managers: Doppler, Infisical, HashiCorp Vault's key-value engine, Google."""

import json
from typing import Any

from credentials.importers.items import array, members, text
from credentials.importers.rows import MAXIMUM_FILE, Row, Rows, csv_rows, plain
from credentials.importers.type_detection import detect_type, detect_type_by_name
from foundation.errors import Invalid, Malformed
from foundation.schema.strict_json import parse_strict

NO_TEXT = "Its value is no text."
INFISICAL_COLUMNS = frozenset({"value"})


def parsed(content: str, what: str) -> Any:
    """The JSON value; Invalid when it is none, or has repeated names."""
    try:
        return parse_strict(content.encode("utf-8", "surrogatepass"), most=MAXIMUM_FILE)
    except Malformed:
        raise Invalid(f"content: this is no {what}.", "content") from None


def read_json_map(content: str) -> Rows:
    """A row for each member of a flat object, as Doppler exports it."""
    found = members(parsed(content, "JSON object of names and texts"))
    if not found:
        raise Invalid("content: this is no JSON object of names and texts.", "content")
    return _map_rows(found)


def _map_rows(found: dict[str, Any]) -> Rows:
    return [_row(n, name, value) for n, (name, value) in enumerate(found.items(), start=1)]


def _row(number: int, name: str, value: object) -> Row:
    if isinstance(value, dict) and "computed" in value:  # `doppler secrets --json`
        value = value["computed"]
    if value in (None, ""):
        return Row(number=number, name=name, skip="It has no value.")
    if not isinstance(value, str):
        return Row(number=number, name=name, fault=NO_TEXT)
    kind = detect_type(value) or detect_type_by_name(name)
    return Row(number=number, name=name, value=value, kind=kind)


def read_infisical_json(content: str) -> Rows:
    """A row for each secret of Infisical's list of `key` and `value`."""
    found = parsed(content, "Infisical export")
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and ("key" in one or "secretKey" in one) for one in found
    ):
        raise Invalid("content: this is no Infisical export.", "content")
    return [
        _row(
            number,
            text(one.get("key", one.get("secretKey"))),
            one.get("value", one.get("secretValue")),
        )
        for number, one in enumerate(array(found), start=1)
    ]


def read_infisical_csv(content: str) -> Rows:
    """A row for each line of Infisical's CSV: `key`, `value`, comments."""
    return [
        _row(number, cells.get("key", ""), cells.get("value", ""))
        for number, cells in csv_rows(content, INFISICAL_COLUMNS)
    ]


def read_vault_kv(content: str) -> Rows:
    """A row for each member of a secret, as `vault kv get -format=json` prints it (v1 and v2)."""
    data = members(members(parsed(content, "answer of vault kv get")).get("data"))
    inner = data.get("data") if isinstance(data.get("metadata"), dict) else data
    if not isinstance(inner, dict) or not inner:
        raise Invalid("content: this is no answer of vault kv get.", "content")
    return _map_rows(inner)


def read_google_key(content: str) -> Rows:
    """One row: the whole key file of a Google service account, as its libraries want it."""
    found = members(parsed(content, "Google service account key"))
    if found.get("type") != "service_account" or not text(found.get("private_key")):
        raise Invalid("content: this is no Google service account key.", "content")
    project, email = text(found.get("project_id")), text(found.get("client_email"))
    row = Row(
        number=1,
        name=email.partition("@")[0] or f"google-{project or 'key'}",
        value=json.dumps(found, indent=2),
        metadata=plain({"clientEmail": email, "project": project}),
    )
    return [row]
