"""What operations on the tenant's keys take and answer; never a key itself."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.shapes import Shape

KeyId = Annotated[str, Field(max_length=64)]


class ListKeys(Shape):
    """Which page of the tenant's keys, the newest first."""

    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class RotateTenantKey(Shape):
    """Make a new active key; with `activeKeyId` only while that key is the active one."""

    active_key_id: KeyId | None = None


class KeyOut(Shape):
    """One of the tenant's keys; `versions` is how many versions' data keys it wraps now."""

    key_id: str
    number: int
    state: Literal["active", "decrypt-only", "destroyed"]
    versions: int
    created_at: datetime


class KeyPageOut(Shape):
    """A page of keys; `waiting` counts the versions that are still wrapped by older keys."""

    keys: list[KeyOut]
    waiting: int
    next_cursor: str | None
