"""What credential operations take and answer. Durations come in as seconds or `15m`, go out as
seconds; instants are RFC 3339 in UTC; no shape but `Secret`'s own carries a value.
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    SecretStr,
    WithJsonSchema,
)

from credentials.fields import (
    Description,
    FolderPath,
    IdempotencyKey,
    Key,
    Metadata,
    SecretFields,
    Tag,
    Tags,
)
from credentials.generation import GenerateSpec
from credentials.types import MAXIMUM_VALUE_BYTES
from foundation.schema.datetimes import instant
from foundation.schema.durations import duration_schema, parse_duration
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape

MAXIMUM_PAGE = 200
SEALED: dict[str, JsonValue] = {"minLength": 1, "maxLength": MAXIMUM_VALUE_BYTES}

KindWord = Literal[
    "api-key", "oauth-token", "ssh-key", "tls-certificate", "database-url", "generic-secret"
]
StateWord = Literal["active", "archived", "revoked", "deleted"]
LevelWord = Literal["viewer", "user", "manager", "admin"]


def _duration(field: str, minimum: int = 1) -> BeforeValidator:
    """Seconds or `15m`, read by the one parser; `field` names it in messages."""
    return BeforeValidator(partial(parse_duration, field=field, minimum=minimum))


_SCHEMA = WithJsonSchema(duration_schema())
_FROM_NOUGHT = WithJsonSchema(duration_schema(0))
# These may be left out but not null: the validator stands before the whole, default excepted.
Ttl = Annotated[int | None, _duration("ttl"), _SCHEMA]
RotationWindow = Annotated[int | None, _duration("window", minimum=0), _FROM_NOUGHT]
DefaultTtl = Annotated[int, _duration("defaultTtl"), _SCHEMA]
MaximumTtl = Annotated[int, _duration("maxTtl"), _SCHEMA]
Window = Annotated[int, _duration("window", minimum=0), _FROM_NOUGHT]
RotateEvery = Annotated[int, _duration("rotateEvery"), _SCHEMA]


Instant = Annotated[AwareDatetime, instant("expiresAt")]


class ListCredentials(Shape):
    """Which credentials to list; only what the caller may see is answered."""

    folder_path: FolderPath | None = None
    recursive: bool = False
    type: KindWord | None = None
    tag: Tag | None = None
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class BrowseCredentials(ListCredentials):
    """The list as people look through it: also by state."""

    state: Literal["active", "archived", "revoked"] | None = None


class SearchCredentials(Shape):
    """A fuzzy search over key, tags, type, folder and description."""

    query: Annotated[str, Field(min_length=1, max_length=200), visible("query", least=1)]
    folder_path: FolderPath | None = None
    type: KindWord | None = None
    tag: Tag | None = None
    limit: int = Field(default=20, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class BrowseFound(SearchCredentials):
    """The search as people use it: also by state."""

    state: Literal["active", "archived", "revoked"] | None = None


class DescribeCredential(Shape):
    """One credential by its key (case-sensitive)."""

    key: Key


class SeenCredential(DescribeCredential):
    """One credential by its key; with `revision` only while it is still the one that was read."""

    revision: int | None = Field(default=None, ge=1)


class PolicyIn(Shape):
    """How a credential may be leased; null means the tenant's setting or no limit."""

    default_ttl: DefaultTtl | None = None
    max_ttl: MaximumTtl | None = None
    max_active_leases: int | None = Field(default=None, ge=1, le=10_000)
    max_uses: int | None = Field(default=None, ge=1, le=1_000_000)
    approval: Literal["none", "required"] = "none"
    agents: list[str] | None = Field(default=None, max_length=100)
    window: Window | None = None
    rotate_every: RotateEvery | None = None
    on_exposure: Literal["never"] = "never"


class CreateCredential(Shape):
    """A credential to store. `value` and `secretFields` are sealed and never shown again."""

    key: Key
    type: KindWord
    value: SecretStr = Field(json_schema_extra=SEALED)
    folder_path: FolderPath = ""
    secret_fields: SecretFields = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
    tags: Tags = Field(default_factory=list)
    description: Description = ""
    policy: PolicyIn = PolicyIn()


class UpdateCredential(SeenCredential):
    """The parts to change; what is left out stays. The value changes by rotation only.

    `owners` are members of the tenant, by their ids.
    """

    new_key: Key | None = None
    owners: list[str] | None = Field(default=None, max_length=50)
    metadata: Metadata | None = None
    tags: Tags | None = None
    description: Description | None = None
    policy: PolicyIn | None = None


class MoveCredential(SeenCredential):
    """Put a credential into another folder, which is made when it is missing."""

    folder_path: FolderPath


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


class GiveGrant(Shape):
    """A level for exactly one of a person, a group or a service account, on exactly one of `key`
    or `folderPath`. `agents` null means any.
    """

    person_id: str | None = None
    group_id: str | None = None
    service_account_id: str | None = None
    level: LevelWord
    key: Key | None = None
    folder_path: FolderPath | None = None
    expires_at: Instant | None = None
    agents: list[str] | None = Field(default=None, max_length=100)


class TermsOut(Shape):
    """What a grant gives: a level, until when, through which agents (null: any)."""

    level: LevelWord
    expires_at: Instant | None = None
    agents: list[str] | None = None


class ChangeGrant(Shape):
    """One change of a list: `level` null takes the grant away.

    `expected`, when it is given, is what the caller saw there before: null means no grant.
    """

    person_id: str | None = None
    group_id: str | None = None
    service_account_id: str | None = None
    level: LevelWord | None
    key: Key | None = None
    folder_path: FolderPath | None = None
    expires_at: Instant | None = None
    agents: list[str] | None = Field(default=None, max_length=100)
    expected: TermsOut | None = None


class ChangeGrants(Shape):
    """Changes of grants that happen together or not at all; `dryRun` only answers what would."""

    changes: list[ChangeGrant] = Field(min_length=1, max_length=500)
    dry_run: bool = False


class ListGrants(Shape):
    """Which grants to list: those on one thing, those of one subject, or all of the tenant."""

    person_id: str | None = None
    group_id: str | None = None
    service_account_id: str | None = None
    key: Key | None = None
    folder_path: FolderPath | None = None
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class CredentialOut(Shape):
    """A credential as lists show it; `access` is the caller's own level on it.

    `revision` counts its changes, so that an edit of something older is noticed.
    """

    id: str
    revision: int
    key: str
    folder_path: str
    type: KindWord
    tags: list[str]
    description: str
    state: StateWord
    version: int | None
    access: LevelWord
    lease_ttl_seconds: int


class CredentialPageOut(Shape):
    """A page of credentials with the folders right below the one that was asked for."""

    credentials: list[CredentialOut]
    folders: list[str]
    next_cursor: str | None


class FoundOut(CredentialOut):
    """A search hit; `score` from 0 to 1, best first."""

    score: float


class FoundPageOut(Shape):
    """A page of search hits."""

    credentials: list[FoundOut]
    next_cursor: str | None


class PolicyOut(Shape):
    """A credential's policy with nothing left open: null means the tenant's or no limit."""

    default_ttl_seconds: int | None
    max_ttl_seconds: int | None
    max_active_leases: int | None
    max_uses: int | None
    approval: Literal["none", "required"]
    agents: list[str] | None
    window_seconds: int | None
    rotate_every_seconds: int | None
    on_exposure: Literal["never"]


class VersionOut(Shape):
    """A version without its value."""

    version: int
    state: Literal["pending", "current", "previous", "retired", "destroyed"]
    created_at: datetime


class RotationOut(Shape):
    """A rotation and its window; never a value."""

    rotation_id: str
    key: str
    previous_version: int
    current_version: int
    opens_at: datetime
    closes_at: datetime
    state: Literal["pending", "open", "closed", "rolled_back", "aborted"]


class AuditLineOut(Shape):
    """One entry of a credential's own trail."""

    at: datetime
    event: str
    actor: str
    agent: str | None
    purpose: str | None
    outcome: Literal["ok", "denied", "failed"]


class CredentialDetailOut(CredentialOut):
    """Everything there is to know about a credential without leasing it.

    `extracted` is what was found in the value; what was written by hand wins in `metadata`.
    """

    metadata: dict[str, str]
    extracted: dict[str, str]
    owners: list[str]
    owner_ids: list[str]
    policy: PolicyOut
    versions: list[VersionOut]
    rotation: RotationOut | None
    active_leases: int
    created_at: datetime
    updated_at: datetime
    last_leased_at: datetime | None
    last_read_at: datetime | None
    recent_audit: list[AuditLineOut]


class SubjectOut(Shape):
    """A person, a group or a service account; `name` is the person's e-mail or the name."""

    kind: Literal["person", "group", "service_account"]
    id: str
    name: str


class GrantOut(TermsOut):
    """A grant as it stands."""

    grant_id: str
    subject: SubjectOut
    key: str | None
    folder_path: str | None
    given_by: str | None
    created_at: datetime


class GrantPageOut(Shape):
    """A page of grants, in the order in which they were given."""

    grants: list[GrantOut]
    next_cursor: str | None


class ChangedGrantOut(Shape):
    """One change: what was there, what is there now, and how many living leases end by it."""

    subject: SubjectOut
    key: str | None
    folder_path: str | None
    before: TermsOut | None
    after: TermsOut | None
    ends_leases: int


class ChangedGrantsOut(Shape):
    """What a list of changes did, or would do."""

    dry_run: bool
    changes: list[ChangedGrantOut]


class ComingOut(Shape):
    """Something about a credential that has an end: a rotation that is due, a window, a date."""

    key: str
    what: Literal["rotation", "window", "certificate", "token"]
    at: datetime
