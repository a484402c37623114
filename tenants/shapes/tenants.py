"""Tenants and their settings. Durations are in seconds."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema

from access.disclosure import DisclosureWord
from foundation.schema.durations import duration_schema, parse_duration
from foundation.schema.safe_text import line
from foundation.schema.shapes import Shape

BaselineWord = Literal["none", "viewer", "user"]


def _duration(field: str, minimum: int = 1) -> Any:
    """Seconds or text such as `15m`; `field` is its name in error messages."""
    return BeforeValidator(partial(parse_duration, field=field, minimum=minimum))


TenantName = Annotated[str, Field(min_length=1, max_length=120), line("name", least=1)]

_TTL_SCHEMA = WithJsonSchema(duration_schema())
_WINDOW_SCHEMA = WithJsonSchema(duration_schema(0))
# These may be left out but not null: the validator applies to the whole, except to the default.
DefaultTtl = Annotated[int | None, _duration("defaultTtl"), _TTL_SCHEMA]
MaximumTtl = Annotated[int | None, _duration("maxTtl"), _TTL_SCHEMA]
DefaultWindow = Annotated[int | None, _duration("defaultWindow", minimum=0), _WINDOW_SCHEMA]
MaximumWindow = Annotated[int | None, _duration("maxWindow", minimum=0), _WINDOW_SCHEMA]


class TenantOut(Shape):
    """A tenant as people see it."""

    id: UUID
    slug: str
    name: str


class ChangeSettings(Shape):
    """The settings to change; members that are left out stay.

    With `revision`, that of the settings the caller saw, nothing is changed when they have changed
    since. Without it, the last change wins.
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
    retention_days: int | None = Field(default=None, ge=8, le=3650)
    max_credentials_per_person: int | None = Field(default=None, ge=1, le=1_000_000)
    self_approval: bool | None = None
    default_disclosure: DisclosureWord | None = None
    minimum_disclosure: DisclosureWord | None = None


class BandOut(Shape):
    """A TTL preset for leases."""

    name: str
    default_ttl_seconds: int
    max_ttl_seconds: int


class SettingsOut(Shape):
    """All settings of a tenant, with the TTL presets for its leases."""

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
    retention_days: int
    max_credentials_per_person: int
    self_approval: bool
    default_disclosure: DisclosureWord
    minimum_disclosure: DisclosureWord
    bands: list[BandOut]
