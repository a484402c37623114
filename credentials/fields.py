"""The members of shapes: keys, folders, tags, durations and what is written beside a value.

The rules are those of `credentials.validators`. The JSON Schema states them as far as it can: it
cannot express that text must be visible or that a name must not look like a secret's.
"""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    SecretStr,
    WithJsonSchema,
)

from credentials.types import MAXIMUM_VALUE_BYTES
from credentials.validators import (
    MAXIMUM_DESCRIPTION,
    MAXIMUM_METADATA,
    MAXIMUM_METADATA_TEXT,
    MAXIMUM_SECRET_FIELD,
    MAXIMUM_SECRET_FIELDS,
    MAXIMUM_SEGMENTS,
    MAXIMUM_TAGS,
    check_folder_path,
    check_key,
    check_tag,
)
from foundation.schema.datetimes import instant
from foundation.schema.durations import duration_schema, parse_duration
from foundation.schema.safe_text import visible

_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_NAME_SCHEMA: dict[str, Any] = {"type": "string", "pattern": f"^{_NAME}$"}
_PATH = f"^({_NAME}(/{_NAME}){{0,{MAXIMUM_SEGMENTS - 1}}})?$"
_DESCRIPTION: dict[str, JsonValue] = {"maxLength": MAXIMUM_DESCRIPTION}


def _named(most: int, text: dict[str, Any]) -> WithJsonSchema:
    """An object with at most `most` names, each with a text."""
    return WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": _NAME_SCHEMA["pattern"]},
            "additionalProperties": {"type": "string", **text},
            "maxProperties": most,
        }
    )


IdempotencyKey = Annotated[
    str, Field(min_length=1, max_length=200), visible("idempotencyKey", least=1)
]
Key = Annotated[str, AfterValidator(check_key), WithJsonSchema(_NAME_SCHEMA)]
FolderPath = Annotated[
    str, AfterValidator(check_folder_path), WithJsonSchema({"type": "string", "pattern": _PATH})
]
NewFolderPath = Annotated[
    str,
    AfterValidator(partial(check_folder_path, field="newFolderPath")),
    WithJsonSchema({"type": "string", "pattern": _PATH}),
]
Tag = Annotated[str, AfterValidator(check_tag), WithJsonSchema(_NAME_SCHEMA)]
Tags = Annotated[
    list[str],
    WithJsonSchema({"type": "array", "items": _NAME_SCHEMA, "maxItems": MAXIMUM_TAGS}),
]
Metadata = Annotated[dict[str, str], _named(MAXIMUM_METADATA, {"maxLength": MAXIMUM_METADATA_TEXT})]
SecretFields = Annotated[
    dict[str, SecretStr],
    _named(
        MAXIMUM_SECRET_FIELDS,
        {
            "format": "password",
            "writeOnly": True,
            "minLength": 1,
            "maxLength": MAXIMUM_SECRET_FIELD,
        },
    ),
]
Description = Annotated[str, Field(json_schema_extra=_DESCRIPTION)]
SEALED: dict[str, JsonValue] = {"minLength": 1, "maxLength": MAXIMUM_VALUE_BYTES}

KindWord = Literal[
    "api-key", "oauth-token", "ssh-key", "tls-certificate", "database-url", "generic-secret"
]
StateWord = Literal["active", "archived", "revoked", "deleted"]
LevelWord = Literal["viewer", "user", "manager", "admin"]


def _duration(field: str, minimum: int = 1) -> BeforeValidator:
    """Seconds or `15m`; `field` names it in messages."""
    return BeforeValidator(partial(parse_duration, field=field, minimum=minimum))


_SCHEMA = WithJsonSchema(duration_schema())
_SCHEMA_FROM_ZERO = WithJsonSchema(duration_schema(0))
# The validator applies to the whole, and not to null, which stands for the default.
Ttl = Annotated[int | None, _duration("ttl"), _SCHEMA]
RotationWindow = Annotated[int | None, _duration("window", minimum=0), _SCHEMA_FROM_ZERO]
DefaultTtl = Annotated[int, _duration("defaultTtl"), _SCHEMA]
MaximumTtl = Annotated[int, _duration("maxTtl"), _SCHEMA]
Window = Annotated[int, _duration("window", minimum=0), _SCHEMA_FROM_ZERO]
RotateEvery = Annotated[int, _duration("rotateEvery"), _SCHEMA]

Instant = Annotated[AwareDatetime, instant("expiresAt")]
