"""`migrate` beside running transactions: it gives its locks back, waits, and goes on."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.transaction import atomic

from foundation.db.privileges import grant_privileges
from tests.racing import PATIENCE
from tests.storage import owner_sql, wait_until_somebody_waits

# A migration of two tables, `people_group` first and `service_account` after it.
BEFORE, MIGRATION = "0003_suspended_clients", "0004_revisions"


# The tests take turns in one process, where going back is worked out only once.
pytestmark = pytest.mark.xdist_group("migrating")
# What Django did to go back: working it out takes it half a minute of the processor's time.
BACK: list[tuple[str, Any]] = []
CHANGING = ("ALTER", "CREATE", "DELETE", "DROP", "GRANT", "INSERT", "REVOKE", "UPDATE")


@pytest.fixture
def outdated(database: None) -> Iterator[None]:
    """A database that lacks one migration, which is there again afterwards."""
    if BACK:
        with atomic(using="owner"), connections["owner"].cursor() as cursor:
            for statement, parameters in BACK:
                cursor.execute(statement, parameters)
    else:
        with connections["owner"].execute_wrapper(_note):
            _migrate("tenants", BEFORE)
    yield
    _migrate()


def _note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    if isinstance(sql, str) and sql.lstrip().startswith(CHANGING):
        BACK.append((sql, params))
    return execute(sql, params, many, context)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """A thread whose connections are closed in the end."""
    with ThreadPoolExecutor(1) as threads:
        yield threads
        threads.submit(connections.close_all).result(PATIENCE)


def _migrate(*arguments: str, **options: Any) -> str:
    """What the command says while it waits."""
    said = StringIO()
    call_command("migrate", *arguments, database="owner", verbosity=0, stderr=said, **options)
    return said.getvalue()


@contextmanager
def running_transaction() -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the application that is rolled back in the end."""
    settings = connections["default"].get_connection_params()
    wanted = {name: settings[name] for name in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**wanted, options="-c lock_timeout=20000") as connection:
        yield connection
        connection.rollback()


def _columns() -> list[tuple[Any, ...]]:
    return owner_sql(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'revision' "
        "AND table_name IN ('people_group', 'service_account') ORDER BY 1"
    )


@pytest.mark.usefixtures("outdated")
def test_two_that_wait_for_each_other_both_succeed(pool: ThreadPoolExecutor) -> None:
    """The migration has the first table and wants the second, the transaction the other way."""
    with running_transaction() as transaction:
        transaction.execute("UPDATE service_account SET name = name")
        migrating: Future[str] = pool.submit(_migrate)
        wait_until_somebody_waits()

        transaction.execute("SELECT count(*) FROM people_group")
        transaction.commit()

    assert "Trying again" in migrating.result(PATIENCE)
    assert _columns() == [("people_group",), ("service_account",)]


@pytest.mark.usefixtures("outdated")
def test_it_gives_up_and_says_what_to_do(pool: ThreadPoolExecutor) -> None:
    with running_transaction() as transaction:
        transaction.execute("UPDATE service_account SET name = name")

        with pytest.raises(CommandError) as caught:
            _migrate(lock_timeout=0.1, patience=0)

        message = str(caught.value)
        assert f"database sessions {transaction.info.backend_pid}" in message
        assert 'ALTER TABLE "service_account"' in message
        assert "run the same command again" in message
        assert _columns() == []

    assert _migrate() == ""
    assert _columns() == [("people_group",), ("service_account",)]


@pytest.mark.usefixtures("outdated")
def test_its_limit_ends_with_it() -> None:
    before = owner_sql("SHOW lock_timeout")

    _migrate()

    assert owner_sql("SHOW lock_timeout") == before


@pytest.mark.usefixtures("outdated")
def test_another_failure_is_not_tried_again() -> None:
    owner_sql("ALTER TABLE service_account ADD COLUMN revision int")

    with pytest.raises(Exception, match="already exists"):
        _migrate()

    owner_sql("ALTER TABLE service_account DROP COLUMN revision")


@pytest.mark.usefixtures("database")
def test_privileges_are_never_seen_half_given() -> None:
    """Each table's are taken away and given again in one transaction, or requests would fail."""
    connection = connections["owner"]
    outside: list[str] = []

    def watch(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not connection.in_atomic_block:
            outside.append(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        grant_privileges("owner")

    assert [one for one in outside if "REVOKE" in one] == []
