"""kubeconfig: a user with a token, a password or a client certificate is a credential."""

import base64
import json
from typing import Any

import yaml

from credentials.importers.items import array, members, text
from credentials.importers.rows import Row, Rows, plain, sealed
from foundation.errors import Invalid

MAXIMUM_TEXT = 512 * 1024
MAXIMUM_DEPTH = 16
NOT_A_FILE = "content: this is no kubeconfig, or it has YAML aliases or is over 512 KiB."


def read_kubeconfig(content: str) -> Rows:
    """A row for each user. YAML aliases are refused, because they can expand without end."""
    if len(content) > MAXIMUM_TEXT:
        raise Invalid(NOT_A_FILE, "content")
    try:
        _check_events(content)
        found = members(yaml.safe_load(content))
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Invalid(NOT_A_FILE, "content") from None
    if found.get("kind") != "Config" or not array(found.get("users")):
        raise Invalid(NOT_A_FILE, "content")
    users = map(members, array(found["users"]))
    return [_row(number, user) for number, user in enumerate(users, start=1)]


def _check_events(content: str) -> None:
    """ValueError for an alias or deep nesting, before anything is built."""
    depth = 0
    for event in yaml.parse(content, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > MAXIMUM_DEPTH:
            raise ValueError


def _row(number: int, user: dict[str, Any]) -> Row:
    name, inside = text(user.get("name")), members(user.get("user"))
    secrets = {
        part: text(inside.get(part)) for part in ("token", "password") if text(inside.get(part))
    }
    if bundle := _certificate(inside):
        secrets["certificate"] = bundle
    if not secrets:
        return Row(number=number, name=name, skip=_elsewhere(inside))
    first, value = next(iter(secrets.items()))
    return Row(
        number=number,
        name=name,
        value=value,
        kind={"certificate": "tls-certificate", "token": "api-key"}.get(first, "generic-secret"),
        secret_fields=sealed({part: one for part, one in secrets.items() if part != first}),
        metadata=plain({"username": text(inside.get("username"))}),
    )


def _elsewhere(inside: dict[str, Any]) -> str:
    if "exec" in inside or "auth-provider" in inside:
        return "The user signs in by a program; there is nothing to store."
    if any(name.endswith(("File", "-key", "-certificate")) for name in inside):
        return "Its secret is in another file; import that."
    return "The user has no token, password or key."


def _certificate(inside: dict[str, Any]) -> str:
    """The client key with its certificate; what is no base64 as it stands."""
    parts = {
        "certificate": _decoded(text(inside.get("client-certificate-data"))),
        "privateKey": _decoded(text(inside.get("client-key-data"))),
    }
    return json.dumps(parts) if parts["privateKey"] else ""


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:
        return data
