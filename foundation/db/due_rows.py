"""Due rows across tenants: ids only, through narrow SECURITY DEFINER functions."""

import logging
from collections.abc import Callable
from string import Template
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

log = logging.getLogger(__name__)

BATCH = 1000


def due_rows(function: str, limit: int = BATCH) -> list[tuple[UUID, UUID]]:
    """(tenant id, row id) of the rows that `function` finds due by database time, oldest first."""
    statement = sql.SQL("SELECT tenant_id, id FROM {}(%s)").format(sql.Identifier(function))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [limit])
        return [(row[0], row[1]) for row in cursor.fetchall()]


def process_due(function: str, work: Callable[[UUID, UUID], object]) -> None:
    """Do `work(tenant id, row id)` for every due row; a failure does not hold up the others.

    A failed row is due again at the next sweep. Only the error's type is logged, because its text
    may quote a row.
    """
    for tenant_id, row_id in due_rows(function):
        try:
            work(tenant_id, row_id)
        except Exception as error:  # noqa: BLE001  # whatever it is, the rows behind it are due too
            log.error("%s: %s failed: %s", function, row_id, type(error).__name__)


_DUE = Template("""
    CREATE FUNCTION $name(most integer) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$$$
        SELECT t.tenant_id, t.id FROM $table t
        WHERE $condition t.$column <= clock_timestamp()
        ORDER BY t.$column LIMIT most
    $$$$;
""")


def due_rows_function(name: str, table: str, column: str, state: str | None = None) -> str:
    """The SQL of such a function, for the migration that creates the table.

    Without `state` every row counts. The function runs as the owner, past row-level security, and
    therefore returns ids only. `pg_temp` is named in the search path because it would otherwise be
    searched first, and the caller can create tables there.
    """
    condition = f"t.state = '{state}' AND" if state else ""
    return _DUE.substitute(name=name, table=table, column=column, condition=condition)
