"""What lease operations take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_serializer

from access.disclosure import DisclosureWord
from credentials.fields import FolderPath, Key, KindWord, Ttl
from credentials.shapes.credentials import ComingOut
from credentials.shapes.grants import SubjectOut
from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape
from tenants.shapes.audit import EntryOut
from tenants.shapes.fields import PublicId

MAXIMUM_HANDLE = 512


LeaseWord = Literal[
    "pending_approval", "active", "consumed", "expired", "revoked", "denied", "withdrawn"
]
EndedWord = Literal["consumed", "expired", "revoked"]


class LeaseCredential(Shape):
    """Lease a credential by key, for a time and with a declared purpose."""

    key: Key
    purpose: Annotated[str, Field(min_length=3, max_length=500), visible("purpose", least=3)]
    ttl: Ttl = None
    version: Literal["current", "previous"] = "current"


class ReadCredential(Shape):
    """Redeem a lease handle for the value."""

    lease_handle: str = Field(min_length=1, max_length=MAXIMUM_HANDLE)


class UseCredential(Shape):
    """One HTTP request that Vault makes with the leased value in it.

    `url` is absolute, of a host in the policy's `destinations`. `headers` are the caller's own;
    `body` is text.
    """

    lease_handle: str = Field(min_length=1, max_length=MAXIMUM_HANDLE)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    url: str = Field(min_length=1, max_length=8192)
    headers: dict[str, str] | None = Field(default=None, max_length=64)
    body: str | None = Field(default=None, max_length=262_144)


class RenewLease(Shape):
    """Make a lease last `ttl` from now, never past its fixed maximum."""

    lease_handle: str = Field(min_length=1, max_length=MAXIMUM_HANDLE)
    ttl: Ttl = None


class ReleaseLease(Shape):
    """Give a lease back before its time."""

    lease_handle: str = Field(min_length=1, max_length=MAXIMUM_HANDLE)


class ChooseLeases(Shape):
    """Which leases: one's own, or everybody's on a credential or in the tenant.

    `all` needs `manager` on the credential that `key` names; without `key` it is for owners and
    admins of the tenant. The other members narrow the choice down.
    """

    whose: Literal["mine", "all"] = "mine"
    key: Key | None = None
    agent_id: str | None = None
    person_id: str | None = None
    service_account_id: str | None = None


class ListLeases(ChooseLeases):
    """Leases, newest first. `living` are those that can be read now."""

    state: Literal["living", "any"] | EndedWord = "living"
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class RevokeLeases(ChooseLeases):
    """Leases to revoke at once; those that have ended stay as they are."""


class DecideLease(Shape):
    """A decision on a request; `ttl` approves less time than was requested."""

    request_id: str
    approve: bool
    ttl: Ttl = None
    reason: Annotated[str, Field(max_length=500), visible("reason")] = ""


class ListApprovals(Shape):
    """Requests for leases that one made oneself or could decide on, newest first."""

    state: Literal["waiting", "decided", "any"] = "waiting"
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class LeaseOut(Shape):
    """A lease with its handle, which no other answer contains.

    `disclosure`: `model` means that vault.read_credential answers the value; otherwise use it with
    vault.use_credential or `vaultctl run`.
    """

    lease_id: str
    lease_handle: str
    key: str
    version: int
    issued_at: datetime
    expires_at: datetime
    ttl_seconds: int
    capped: bool
    uses_left: int | None
    disclosure: DisclosureWord


class SecretOut(Shape):
    """The one answer that contains a value; it is opened only when the answer is serialized."""

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


class UsedOut(Shape):
    """What the server answered, without the value. `redactions`: how often it was taken out;
    `truncated`: the body was longer than Vault reads, or did not end in time.
    """

    status: int
    headers: dict[str, str]
    body: str
    redactions: int
    truncated: bool


class LeaseStateOut(Shape):
    """A lease without its handle."""

    lease_id: str
    key: str
    state: LeaseWord
    version: int
    purpose: str
    issued_at: datetime | None
    expires_at: datetime | None
    uses_left: int | None


class LeaseDetailOut(LeaseStateOut):
    """A lease with its holder, its times and its end; `state` is that of this moment."""

    folder_path: str
    holder: SubjectOut
    agent_id: str | None
    agent: str | None
    mine: bool
    ttl_seconds: int
    requested_at: datetime
    renewed_at: datetime | None
    max_expires_at: datetime | None
    uses: int
    ended_at: datetime | None
    ended_reason: str


class LeasePageOut(Shape):
    """A page of leases."""

    leases: list[LeaseDetailOut]
    next_cursor: str | None


class RevokedOut(Shape):
    """How many leases ended."""

    revoked: int


class ApprovalOut(Shape):
    """A request for a lease that a person decides on, with the decision.

    `approved`: the identical call gets the handle; `issued`: it got it; `lapsed`: it was not
    repeated within an hour after the approval. `mayDecide` is about the caller.
    """

    approval_id: str
    state: Literal["waiting", "approved", "issued", "denied", "withdrawn", "lapsed"]
    key: str
    folder_path: str
    version: int
    asker: SubjectOut
    agent_id: str | None
    agent: str | None
    purpose: str
    ttl_seconds: int
    approved_ttl_seconds: int | None
    requested_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str
    mine: bool
    may_decide: bool


class ApprovalPageOut(Shape):
    """A page of requests; `waitingForMe` counts all that the caller could decide on now."""

    approvals: list[ApprovalOut]
    waiting_for_me: int
    next_cursor: str | None


class ApprovalDetailOut(ApprovalOut):
    """A request with what helps to decide: the limits that apply, and earlier requests."""

    usual_ttl_seconds: int
    maximum_ttl_seconds: int
    tenant_usual_ttl_seconds: int
    tenant_maximum_ttl_seconds: int
    max_uses: int | None
    history: list[ApprovalOut]


class ReaderOut(Shape):
    """A lease by which the old value can still be read."""

    lease_id: str
    holder: str
    agent: str | None
    purpose: str
    uses: int
    expires_at: datetime


class ReadersOut(Shape):
    """The open window of a credential, and who can still read the old value."""

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


class ShowActivity(Shape):
    """What to show the use of: exactly one member. Folders include everything below them."""

    key: Key | None = None
    folder_path: FolderPath | None = None
    agent_id: PublicId | None = None
    person_id: PublicId | None = None
    group_id: PublicId | None = None
    service_account_id: PublicId | None = None


class UsageOut(Shape):
    """How often one credential was used, or by whom, in the last 7 and 30 days.

    `id` is a credential's key, or a public id; null when the caller does not see it any more. `of`
    is an agent's person.
    """

    kind: Literal["credential", "agent", "person", "service_account"]
    id: str | None
    name: str
    of: str
    week: int
    month: int
    last_at: datetime


class ActivityOut(Shape):
    """The use of a credential or folder, or by somebody; the most used of 30 days first."""

    last_at: datetime | None
    live_leases: int
    usage: list[UsageOut]


class OverviewOut(Shape):
    """A tenant at a glance: numbers, series, what ends soon, and the newest entries."""

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
    newest: list[EntryOut]
