"""The mail that a tenant sends."""

from datetime import datetime
from typing import Literal

from foundation.schema.shapes import Shape


class UndeliveredOut(Shape):
    """A mail that was given up. `kind` is its subject; `reason` is the last error's class and the
    mail server's reply code, if there was one.
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
