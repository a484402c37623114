"""OAuth access tokens: any text; a JWT states when it expires."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from credentials.types.rfc3339 import is_rfc3339, rfc3339
from credentials.types.submission import Submission, invalid_value

ENDS = "tokenExpiresAt"


def examine_oauth_token(submission: Submission) -> Mapping[str, str]:
    """`tokenExpiresAt`: as the caller states it, else the `exp` of a JWT (RFC 7519 §4.1.4).

    The signature is not checked, because the issuer's key is unknown here.
    """
    given = submission.metadata.get(ENDS)
    if given is None:
        end = _jwt_end(submission.value)
        return {ENDS: end} if end else {}
    if not is_rfc3339(given):
        raise invalid_value(
            f"{ENDS} is an RFC 3339 instant such as 2030-01-31T12:00:00Z.", "metadata"
        )
    return {}


def _jwt_end(token: str) -> str | None:
    parts = token.strip().split(".")
    if len(parts) != 3 or "alg" not in _json_part(parts[0]):
        return None
    end = _json_part(parts[1]).get("exp")
    if isinstance(end, bool) or not isinstance(end, int | float):
        return None
    try:
        return rfc3339(datetime.fromtimestamp(end, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _json_part(part: str) -> dict[str, Any]:
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
