"""The database's clock, which decides every expiry (I3)."""

from datetime import datetime

from django.db.models import DateTimeField, Func

from foundation.db.prepared import PreparedText, fetch


class DatabaseClock(Func):
    """`clock_timestamp()`: the database's time now, not at the transaction's start."""

    function = "clock_timestamp"
    arity = 0
    output_field = DateTimeField()


_NOW = PreparedText("SELECT clock_timestamp()")


def database_now() -> datetime:
    """The database's time now, not at the transaction's start (I3)."""
    moment: datetime = fetch(_NOW())[0][0]
    return moment


def is_past(moment: datetime | None, now: datetime) -> bool:
    """Whether an end has been reached; the end itself counts as past (I3)."""
    return moment is not None and now >= moment
