"""Service accounts."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from foundation.schema.shapes import Shape
from tenants.shapes.fields import Description, Listing, Name, PublicId

AccountStateWord = Literal["active", "suspended", "removed"]


class CreateServiceAccount(Shape):
    """A new service account, without grants and without secrets or keys."""

    name: Name
    description: Description = ""


class ChangeServiceAccount(Shape):
    """A service account's name, description or state; members that are left out stay.

    A state comes alone. `suspended` can be undone, `removed` cannot. With `revision`, the change is
    made only while that is still the current one.
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
