"""What operations on rotations take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from credentials.fields import SEALED, IdempotencyKey, Key, RotationWindow, Window
from credentials.generation import GenerateSpec
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape


class RotateCredential(Shape):
    """Open a rotation: exactly one of `newValue` or `generate`."""

    key: Key
    new_value: Annotated[SecretStr, Field(json_schema_extra=SEALED)] | None = None
    generate: bool | GenerateSpec | None = None
    window: RotationWindow = None
    reason: Annotated[str, Field(max_length=500), visible("reason")] = ""
    idempotency_key: IdempotencyKey | None = None


class ChangeWindow(Shape):
    """Move an open window's end to `window` seconds from now; 0 closes it at once."""

    key: Key
    window: Window


class RotationOut(Shape):
    """A rotation and its window; never a value."""

    rotation_id: str
    key: str
    previous_version: int
    current_version: int
    opens_at: datetime
    closes_at: datetime
    state: Literal["pending", "open", "closed", "rolled_back", "aborted"]
