"""Keys, folders, tags and what is written beside a value, as members of shapes.

The rules are those of `credentials.validators`; here they are also stated as JSON Schema, as far as
it can: it cannot express that text must be visible or that a name must not look like a secret's.
"""

from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue, SecretStr, WithJsonSchema

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
from foundation.schema.safe_text import visible

_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_NAME_SCHEMA: dict[str, Any] = {"type": "string", "pattern": f"^{_NAME}$"}
_PATH = f"^({_NAME}(/{_NAME}){{0,{MAXIMUM_SEGMENTS - 1}}})?$"
_DESCRIPTION: dict[str, JsonValue] = {"maxLength": MAXIMUM_DESCRIPTION}


def _named(most: int, text: dict[str, Any]) -> WithJsonSchema:
    """An object with at most so many names, each with a text."""
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
