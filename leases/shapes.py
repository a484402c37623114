"""What lease operations take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_serializer

from access.shapes import Shape
from access.text import visible
from credentials.shapes import ComingOut, Key, KindWord, Ttl

MAXIMUM_HANDLE = 512


class LeaseCredential(Shape):
    """Ask for a credential by key, for a time and with a declared purpose."""

    key: Key
    purpose: Annotated[str, Field(min_length=3, max_length=500), visible("purpose", least=3)]
    ttl: Ttl = None
    version: Literal["current", "previous"] = "current"


class ReadCredential(Shape):
    """Redeem a lease handle for the value."""

    lease_handle: str = Field(min_length=1, max_length=MAXIMUM_HANDLE)


class RenewLease(Shape):
    """Make a lease last `ttl` from now, never past its fixed maximum."""

    lease_handle: str = Field(min_length=1, max_length=MAXIMUM_HANDLE)
    ttl: Ttl = None


class ReleaseLease(Shape):
    """Give a lease back before its time."""

    lease_handle: str = Field(min_length=1, max_length=MAXIMUM_HANDLE)


class LeaseOut(Shape):
    """A lease with its handle: the only place a handle is ever shown."""

    lease_id: str
    lease_handle: str
    key: str
    version: int
    issued_at: datetime
    expires_at: datetime
    ttl_seconds: int
    capped: bool
    uses_left: int | None


class SecretOut(Shape):
    """The one answer that carries a value; opened only when it is written to the wire."""

    lease_id: str
    key: str
    type: KindWord
    value: SecretStr
    secret_fields: dict[str, SecretStr]
    version: int
    expires_at: datetime
    uses_left: int | None

    @field_serializer("value", when_used="json")
    def open_value(self, value: SecretStr) -> str:
        return value.get_secret_value()

    @field_serializer("secret_fields", when_used="json")
    def open_fields(self, fields: dict[str, SecretStr]) -> dict[str, str]:
        return {name: value.get_secret_value() for name, value in fields.items()}


class LeaseState(Shape):
    """A lease without its handle."""

    lease_id: str
    key: str
    state: Literal[
        "pending_approval", "active", "consumed", "expired", "revoked", "denied", "withdrawn"
    ]
    version: int
    purpose: str
    issued_at: datetime | None
    expires_at: datetime | None
    uses_left: int | None


class ReaderOut(Shape):
    """Who can still read the old value, by a lease: a person or a service account."""

    lease_id: str
    holder: str
    agent: str | None
    purpose: str
    uses: int
    expires_at: datetime


class ReadersOut(Shape):
    """The open window of a credential and who still reads the old value in it."""

    key: str
    previous_version: int
    closes_at: datetime
    readers: list[ReaderOut]


class CountOut(Shape):
    """How many in the hour or day that begins at `at`."""

    at: datetime
    count: int


class ReadsOut(Shape):
    """How many reads by one agent, service account, or person at the console."""

    name: str
    of: str
    count: int


class EventOut(Shape):
    """An entry of the audit log, in one line."""

    at: datetime
    event: str
    actor: str
    agent: str
    key: str
    purpose: str
    outcome: Literal["ok", "denied", "failed"]


class OverviewOut(Shape):
    """A tenant at a glance: numbers, plots, what comes next, and the newest entries."""

    live_leases: int
    reads_today: int
    waiting: int
    agents_waiting: int
    rotations_due: list[ComingOut]
    windows: list[ComingOut]
    ends: list[ComingOut]
    leases: list[CountOut]
    denials: list[CountOut]
    reads: list[ReadsOut]
    newest: list[EventOut]
