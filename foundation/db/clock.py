"""The database's clock, by which every end in time is decided (invariant I3)."""

from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, Func


class DatabaseClock(Func):
    """`clock_timestamp()`: the database's time at this moment, not the transaction's start."""

    function = "clock_timestamp"
    arity = 0
    output_field = DateTimeField()


def database_now() -> datetime:
    """The database's clock at this moment, not at the transaction's start (invariant I3)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def is_past(moment: datetime | None, now: datetime) -> bool:
    """Whether an end has been reached; the end itself is over (strict, I3)."""
    return moment is not None and now >= moment
