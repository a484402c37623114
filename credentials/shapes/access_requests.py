"""What operations on requests for access take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from credentials.fields import FolderPath, Key, LevelWord
from credentials.shapes.grants import SubjectOut
from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.durations import duration_schema, parse_duration
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape

LONGEST_REQUEST = 366 * 86_400


def _seconds(value: object) -> object:
    """Seconds or `8h`; null asks for no end."""
    return None if value is None else parse_duration(value, field="duration")


Duration = Annotated[
    Annotated[int, Field(le=LONGEST_REQUEST)] | None,
    BeforeValidator(_seconds),
    WithJsonSchema({"anyOf": [*duration_schema()["anyOf"], {"type": "null"}]}),
]


class RequestAccess(Shape):
    """Request a level on exactly one of `key` or `folderPath`, for a time or without an end."""

    key: Key | None = None
    folder_path: FolderPath | None = None
    level: LevelWord
    duration: Duration = None
    reason: Annotated[str, Field(min_length=3, max_length=500), visible("reason", least=3)]


class DecideAccessRequest(Shape):
    """A decision on a request; `level` and `duration` give less than was requested."""

    request_id: str
    approve: bool
    level: LevelWord | None = None
    duration: Duration = None
    reason: Annotated[str, Field(max_length=500), visible("reason")] = ""


class ListAccessRequests(Shape):
    """Requests for access that one made oneself or could decide on, newest first."""

    state: Literal["waiting", "decided", "any"] = "waiting"
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class AccessRequestOut(Shape):
    """A request for access and its decision.

    `grantId` and `grantEndsAt` are those of the grant that it became, while that exists.
    """

    request_id: str
    state: Literal["waiting", "approved", "denied", "withdrawn"]
    asker: SubjectOut
    agent_id: str | None
    agent: str | None
    key: str | None
    folder_path: str | None
    level: LevelWord
    duration_seconds: int | None
    reason: str
    requested_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str
    grant_id: str | None
    granted_level: LevelWord | None
    grant_ends_at: datetime | None
    mine: bool
    may_decide: bool


class AccessRequestDetailOut(AccessRequestOut):
    """A request with the requester's present level (null: none) and earlier requests."""

    held_level: LevelWord | None
    history: list[AccessRequestOut]


class AccessRequestPageOut(Shape):
    """A page of requests; `waitingForMe` counts all that the caller could decide on now."""

    requests: list[AccessRequestOut]
    waiting_for_me: int
    next_cursor: str | None
