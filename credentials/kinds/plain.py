"""Types whose values are free text: API keys, generic secrets, OAuth tokens."""

import binascii
import json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime

from access.errors import Invalid
from credentials.kinds.kind import refuse


def examine_text(
    value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """Any text; with `metadata.encoding` base64 it must be that."""
    del secret_fields
    if metadata.get("encoding") == "base64":
        try:
            b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise refuse("metadata says base64, but it is not.") from None
    return {}


def examine_oauth_token(
    value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """Any text; `metadata.tokenExpiresAt` must be RFC 3339, and is taken from a JWT otherwise."""
    del secret_fields
    given = metadata.get("tokenExpiresAt")
    if given is not None:
        _require_instant(given)
        return {}
    expires = _jwt_expiry(value)
    return {} if expires is None else {"tokenExpiresAt": expires}


def _require_instant(text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid(
            "metadata: tokenExpiresAt must be RFC 3339 such as 2027-01-31T12:00:00Z.", "metadata"
        )


def _jwt_expiry(value: str) -> str | None:
    """`exp` of a value that happens to be a JWT; read only, nothing is verified or relied on."""
    parts = value.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        moment = datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
