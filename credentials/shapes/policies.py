"""A credential's policy as it is taken and answered."""

from typing import Literal

from pydantic import Field

from access.disclosure import DisclosureWord
from credentials.fields import DefaultTtl, MaximumTtl, RotateEvery, Window
from credentials.shapes.destinations import Destinations
from foundation.schema.shapes import Shape


class PolicyIn(Shape):
    """How a credential may be leased and used; null means the tenant's setting or no limit.

    `disclosure`: who may be answered the value. `reveal`: whether a person may see it at the
    console. `destinations`: where Vault and `vaultctl` may send it; null means nowhere.
    """

    default_ttl: DefaultTtl | None = None
    max_ttl: MaximumTtl | None = None
    max_active_leases: int | None = Field(default=None, ge=1, le=10_000)
    max_uses: int | None = Field(default=None, ge=1, le=1_000_000)
    approval: Literal["none", "required"] = "none"
    agents: list[str] | None = Field(default=None, max_length=100)
    window: Window | None = None
    rotate_every: RotateEvery | None = None
    on_exposure: Literal["never"] = "never"
    disclosure: DisclosureWord | None = None
    reveal: Literal["allowed", "never"] = "allowed"
    destinations: Destinations | None = None


class PolicyOut(Shape):
    """A credential's policy; null means the tenant's setting or no limit.

    `disclosure` is what applies, `ownDisclosure` what the policy itself says.
    """

    default_ttl_seconds: int | None
    max_ttl_seconds: int | None
    max_active_leases: int | None
    max_uses: int | None
    approval: Literal["none", "required"]
    agents: list[str] | None
    window_seconds: int | None
    rotate_every_seconds: int | None
    on_exposure: Literal["never"]
    disclosure: DisclosureWord
    own_disclosure: DisclosureWord | None
    reveal: Literal["allowed", "never"]
    destinations: Destinations | None
