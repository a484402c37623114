"""The database as its owner sees and bends it: past every operation and every policy."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from psycopg import sql

from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id

PATIENCE = 30.0


def owner_sql(statement: str | sql.Composed, *arguments: Any) -> list[tuple[Any, ...]]:
    """Run a statement as the owner; its rows, if it answers any."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return list(cursor.fetchall()) if cursor.description else []


def tables() -> list[str]:
    """Every table of ours and of the libraries."""
    with connections["owner"].cursor() as cursor:
        return sorted(connections["owner"].introspection.table_names(cursor))


def dump(*without: str) -> dict[str, list[str]]:
    """Every row of every table as text, the way a stolen copy of the database would show it, but
    for the table of processes, which running ones renew.
    """
    names, statement = _dumping(without)
    found: dict[str, list[str]] = {name: [] for name in names}
    for table, row in owner_sql(statement):
        found[table].append(row)
    return {table: sorted(rows) for table, rows in found.items()}


@cache
def _dumping(without: tuple[str, ...]) -> tuple[list[str], sql.Composed]:
    """The tables, and one statement for all of them: a test dumps them twice."""
    names = [table for table in tables() if table not in (*without, "process")]
    part = sql.SQL("SELECT {}, t::text FROM {} t")
    parts = (part.format(sql.Literal(name), sql.Identifier(name)) for name in names)
    return names, sql.SQL(" UNION ALL ").join(parts)


def everything_but_the_log() -> dict[str, list[str]]:
    """What an operation may have changed."""
    return dump("audit_entry")


def lease_uuid(lease_id: str) -> UUID:
    """The row behind a lease's public id."""
    return parse_public_id("lease", lease_id)


def let_time_pass(lease_id: str, seconds: int) -> None:
    """Move a lease's end `seconds` into its past, as if that much time had gone by."""
    owner_sql(
        "UPDATE lease SET expires_at = expires_at - make_interval(secs => %s) WHERE id = %s",
        seconds,
        lease_uuid(lease_id),
    )


def wait_until(moment: datetime) -> None:
    """Wait for the database's clock."""
    deadline = time.monotonic() + PATIENCE
    while database_now() < moment:
        assert time.monotonic() < deadline, "the awaited moment is too far away"
        time.sleep(0.02)


def wait_until_somebody_waits() -> None:
    """Wait until a session of this database waits for a lock that another one holds."""
    deadline = time.monotonic() + PATIENCE
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    while owner_sql(waiting) == [(0,)]:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)


@contextmanager
def no_entry_can_be_written(*outcomes: str) -> Iterator[None]:
    """The log refuses new entries with these outcomes; without any: all, by privilege."""
    role = sql.Identifier(settings.DATABASES["default"]["USER"])
    if not outcomes:
        owner_sql(sql.SQL("REVOKE INSERT ON audit_entry FROM {}").format(role))
        try:
            yield
        finally:
            owner_sql(sql.SQL("GRANT INSERT ON audit_entry TO {}").format(role))
        return
    condition = sql.SQL("NEW.outcome IN ({})").format(
        sql.SQL(", ").join(map(sql.Literal, outcomes))
    )
    owner_sql(
        "CREATE FUNCTION refuse_entry() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is full'; END $$"
    )
    owner_sql(
        sql.SQL(
            "CREATE TRIGGER refuse_entry BEFORE INSERT ON audit_entry FOR EACH ROW "
            "WHEN ({}) EXECUTE FUNCTION refuse_entry()"
        ).format(condition)
    )
    try:
        yield
    finally:
        owner_sql("DROP FUNCTION refuse_entry CASCADE")
