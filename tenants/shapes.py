"""What tenant operations take and answer."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from access.shapes import Shape

RoleWord = Literal["owner", "admin", "member"]
AgentName = Annotated[str, Field(min_length=1, max_length=80)]


class ChangeSettings(Shape):
    """The settings to change; what is left out stays. Durations are seconds."""

    baseline_level: Literal["none", "viewer", "user"] | None = None
    default_ttl: int | None = Field(default=None, ge=1)
    max_ttl: int | None = Field(default=None, ge=1)
    default_window: int | None = Field(default=None, ge=0)
    max_window: int | None = Field(default=None, ge=0)
    max_leases_per_person: int | None = Field(default=None, ge=1, le=1_000_000)
    max_leases_per_agent: int | None = Field(default=None, ge=1, le=1_000_000)
    max_credentials_per_agent: int | None = Field(default=None, ge=1, le=1_000_000)
    self_approval: bool | None = None


class TenantOut(Shape):
    """A tenant as people see it."""

    id: UUID
    slug: str
    name: str


class MemberOut(Shape):
    """A person's place in the tenant."""

    person_id: UUID
    email: str
    name: str
    role: RoleWord


class AgentOut(Shape):
    """One person's one client in one tenant."""

    id: UUID
    name: str
    person_id: UUID
    client_id: UUID
    state: Literal["active", "waiting", "suspended", "removed"]
    created_at: datetime
