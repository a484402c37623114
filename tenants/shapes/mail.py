"""The mail that a tenant sends."""

from datetime import datetime
from typing import Literal

from foundation.schema.shapes import Shape


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
