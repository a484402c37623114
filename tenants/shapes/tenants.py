"""What tenant operations take and answer. Ids are public ones (`person_…`), durations seconds."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Invalid
from foundation.schema.durations import duration_schema, parse_duration
from foundation.schema.safe_text import line, visible
from foundation.schema.shapes import Shape

RoleWord = Literal["owner", "admin", "member"]
BaselineWord = Literal["none", "viewer", "user"]
AgentStateWord = Literal["active", "waiting", "suspended", "removed"]
AccountStateWord = Literal["active", "suspended", "removed"]
InvitationStateWord = Literal["waiting", "expired", "accepted", "withdrawn"]


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise Invalid("email: an e-mail address such as ada@example.org.", "email") from None
    return text.lower()


def _duration(field: str, minimum: int = 1) -> Any:
    """Seconds or `15m`, read by the one parser; `field` names it in messages."""
    return BeforeValidator(partial(parse_duration, field=field, minimum=minimum))


PublicId = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80), line("name", least=1)]
TenantName = Annotated[str, Field(min_length=1, max_length=120), line("name", least=1)]
Description = Annotated[str, Field(max_length=500), visible("description")]
Email = Annotated[str, Field(max_length=254), AfterValidator(_address)]

_SCHEMA = WithJsonSchema(duration_schema())
_FROM_NOUGHT = WithJsonSchema(duration_schema(0))
# These may be left out but not null: the validator stands before the whole, default excepted.
DefaultTtl = Annotated[int | None, _duration("defaultTtl"), _SCHEMA]
MaximumTtl = Annotated[int | None, _duration("maxTtl"), _SCHEMA]
DefaultWindow = Annotated[int | None, _duration("defaultWindow", minimum=0), _FROM_NOUGHT]
MaximumWindow = Annotated[int | None, _duration("maxWindow", minimum=0), _FROM_NOUGHT]


class Listing(Shape):
    """Which page of a list."""

    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


# -- the tenant and its settings ----------------------------------------------------------------


class TenantOut(Shape):
    """A tenant as people see it."""

    id: UUID
    slug: str
    name: str


class ChangeSettings(Shape):
    """The settings to change; what is left out stays.

    `revision` is that of the settings which the caller saw: when they were changed since, nothing
    is. Left out, what is sent wins.
    """

    revision: int | None = Field(default=None, ge=1)
    name: TenantName | None = None
    mfa_required: bool | None = None
    baseline_level: BaselineWord | None = None
    default_ttl: DefaultTtl = None
    max_ttl: MaximumTtl = None
    default_window: DefaultWindow = None
    max_window: MaximumWindow = None
    max_leases_per_person: int | None = Field(default=None, ge=1, le=1_000_000)
    max_leases_per_agent: int | None = Field(default=None, ge=1, le=1_000_000)
    max_credentials_per_agent: int | None = Field(default=None, ge=1, le=1_000_000)
    self_approval: bool | None = None


class BandOut(Shape):
    """A size of lease to choose from."""

    name: str
    default_ttl_seconds: int
    max_ttl_seconds: int


class SettingsOut(Shape):
    """All settings of a tenant, with the bands that its leases may be chosen from."""

    revision: int
    slug: str
    name: str
    mfa_required: bool
    baseline_level: BaselineWord
    default_ttl_seconds: int
    max_ttl_seconds: int
    default_window_seconds: int
    max_window_seconds: int
    max_leases_per_person: int
    max_leases_per_agent: int
    max_credentials_per_agent: int
    self_approval: bool
    bands: list[BandOut]


# -- members and invitations --------------------------------------------------------------------


class ChangeRole(Shape):
    """Another role for a member."""

    person_id: PublicId
    role: RoleWord


class RemoveMember(Shape):
    """A member who leaves; the heir, another member, becomes owner of what they owned."""

    person_id: PublicId
    heir_id: PublicId | None = None


class GroupRefOut(Shape):
    """A group by id and name."""

    group_id: str
    name: str


class MemberOut(Shape):
    """A person's place in the tenant."""

    person_id: str
    email: str
    name: str
    role: RoleWord
    joined_at: datetime
    suspended_at: datetime | None
    groups: list[GroupRefOut]


class MemberPageOut(Shape):
    """A page of members, by e-mail."""

    members: list[MemberOut]
    next_cursor: str | None


class InviteMember(Shape):
    """Ask the owner of an e-mail address to join with a role."""

    email: Email
    role: RoleWord


class InvitationOut(Shape):
    """An invitation without its link."""

    invitation_id: str
    email: str
    role: RoleWord
    state: InvitationStateWord
    invited_by: str | None
    created_at: datetime
    expires_at: datetime


class InvitationLinkOut(Shape):
    """An invitation's link, to be handed to the owner of the address and nobody else."""

    invitation_id: str
    email: str
    link: str
    expires_at: datetime


class InvitationPageOut(Shape):
    """A page of invitations, the newest first."""

    invitations: list[InvitationOut]
    next_cursor: str | None


class OpenInvitation(Shape):
    """What somebody who has the link is shown. `by_mail_only`: nobody but the owner of the address
    can have it.
    """

    tenant: str
    email: str
    role: RoleWord
    invited_by: str | None
    expires_at: datetime
    by_mail_only: bool


# -- mail ---------------------------------------------------------------------------------------


class UndeliveredOut(Shape):
    """A mail that was given up. `kind` says what it was about; `reason` is the last error's name
    and the mail server's reply code, where there was one.
    """

    email: str
    kind: str
    state: Literal["failed", "expired"]
    reason: str | None
    created_at: datetime


class MailOut(Shape):
    """The tenant's mail: how many wait, and what was given up in the last week."""

    configured: bool
    waiting: int
    undelivered_count: int
    undelivered: list[UndeliveredOut]


# -- groups -------------------------------------------------------------------------------------


class CreateGroup(Shape):
    """A new group without members."""

    name: Name
    description: Description = ""


class GroupWords(Shape):
    """What a group is called and for."""

    name: str
    description: str


class ChangeGroup(Shape):
    """What to call a group; what is left out stays.

    `expected` and `revision`, when they are given, are what the caller saw: when it is something
    else by now, nothing is changed.
    """

    group_id: PublicId
    name: Name | None = None
    description: Description | None = None
    expected: GroupWords | None = None
    revision: int | None = Field(default=None, ge=1)


class GroupPlace(Shape):
    """A person in a group."""

    group_id: PublicId
    person_id: PublicId


class PersonRefOut(Shape):
    """A person by id, e-mail and name."""

    person_id: str
    email: str
    name: str


class GroupOut(Shape):
    """A group and how many people are in it; `revision` counts what was done to it."""

    group_id: str
    revision: int
    name: str
    description: str
    people: int
    created_at: datetime


class GroupDetailOut(GroupOut):
    """A group with everybody in it."""

    members: list[PersonRefOut]


class GroupPageOut(Shape):
    """A page of groups, by name."""

    groups: list[GroupOut]
    next_cursor: str | None


# -- service accounts ---------------------------------------------------------------------------


class CreateServiceAccount(Shape):
    """A new service account: no grants yet and nothing to prove itself with."""

    name: Name
    description: Description = ""


class ChangeServiceAccount(Shape):
    """A service account's name, description or state; what is left out stays.

    A state comes alone. `suspended` can be undone, `removed` cannot. With `revision` only while it
    is still the one that was read.
    """

    service_account_id: PublicId
    revision: int | None = Field(default=None, ge=1)
    name: Name | None = None
    description: Description | None = None
    state: AccountStateWord | None = None


class ListServiceAccounts(Listing):
    """Which service accounts to list; removed ones only when asked for."""

    state: AccountStateWord | None = None


class ServiceAccountOut(Shape):
    """A service account without its secrets; `revision` counts its changes."""

    service_account_id: str
    revision: int
    name: str
    description: str
    state: AccountStateWord
    created_by: str | None
    created_at: datetime
    last_used_at: datetime | None
    last_address: str | None


class ServiceAccountPageOut(Shape):
    """A page of service accounts, by name."""

    service_accounts: list[ServiceAccountOut]
    next_cursor: str | None


# -- agents -------------------------------------------------------------------------------------


class ListAgents(Listing):
    """Whose agents to list: one's own, or everybody's for owners and admins.

    Removed ones only when asked for.
    """

    whose: Literal["mine", "all"] = "mine"
    person_id: PublicId | None = None
    state: AgentStateWord | None = None


class ChangeAgent(Shape):
    """Suspend, resume (which approves a waiting one) or remove an agent."""

    agent_id: PublicId
    state: Literal["active", "suspended", "removed"]


class RenameAgent(Shape):
    """Another name for an agent."""

    agent_id: PublicId
    name: Name


class MergeAgents(Shape):
    """An agent that is the same as an earlier one of the same person."""

    agent_id: PublicId
    into_id: PublicId


class AgentOut(Shape):
    """One person's one client in one tenant.

    `clientSuspended`: its software is suspended here, so whatever its own state it may do nothing.
    """

    agent_id: str
    name: str
    person_id: str
    person: str
    client_id: str
    state: AgentStateWord
    client_suspended: bool
    created_at: datetime
    first_call_at: datetime | None
    last_call_at: datetime | None
    last_address: str | None


class AgentPageOut(Shape):
    """A page of agents, the newest first."""

    agents: list[AgentOut]
    next_cursor: str | None
