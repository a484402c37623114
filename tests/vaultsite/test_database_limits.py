"""A hanging database does not block a request forever."""

import pytest
from django.db import OperationalError, connection


@pytest.mark.parametrize(
    "limit", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
)
def test_the_application_bounds_what_it_waits_for(database: None, limit: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [limit])
        row = cursor.fetchone()
    assert row is not None
    assert row[0] not in ("0", "")


def test_a_statement_over_its_time_is_an_error_like_a_lost_database(database: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 100")
        with pytest.raises(OperationalError):
            cursor.execute("SELECT pg_sleep(5)")
        cursor.execute("RESET statement_timeout")
