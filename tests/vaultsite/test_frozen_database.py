"""A database that hangs: requests are refused and /readyz says why, instead of waiting for ever."""

import time
from collections.abc import Iterator
from threading import Timer
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError
from django.db.utils import ConnectionHandler

from foundation.db.pool import CheckedConnection, ServerSilent, answers_within
from tests.alone import database_url, web
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import PASSWORD, Somebody, store
from tests.vaultsite.frozen import FreezableServer

DEADLINE = 60.0


@pytest.fixture
def postgres(database: None) -> Iterator[FreezableServer]:
    """The database of this test, which can be frozen."""
    server = FreezableServer(database_url())
    yield server
    server.close()


def test_a_silent_server_ends_the_statement_and_its_connection(postgres: FreezableServer) -> None:
    connection = CheckedConnection.connect(postgres.url, autocommit=True)
    assert connection.execute("SELECT 1").fetchone() == (1,)
    postgres.runs.clear()
    with answers_within(0.2), pytest.raises(ServerSilent):
        connection.execute("SELECT 2")
    assert connection.closed


def test_the_pools_check_is_given_less_time(postgres: FreezableServer) -> None:
    connection = CheckedConnection.connect(postgres.url, autocommit=True)
    connection.execute("")
    postgres.runs.clear()
    with answers_within(0.2):
        connection.execute("")  # it worked a moment ago
        time.sleep(1.1)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("")
    assert connection.closed


def test_a_connection_without_a_pool_has_the_deadline_too(postgres: FreezableServer) -> None:
    where = urlsplit(postgres.url)
    default = settings.DATABASES["default"]
    options = {name: value for name, value in default["OPTIONS"].items() if name != "pool"}
    changes = {"HOST": where.hostname, "PORT": str(where.port), "OPTIONS": options}
    alone = ConnectionHandler({"default": {**default, **changes}})["default"]
    with alone.cursor() as cursor:
        cursor.execute("SELECT 1")
        postgres.runs.clear()
        thaw = Timer(10, postgres.runs.set)  # without a deadline the test fails, and ends
        thaw.start()
        with answers_within(0.2), pytest.raises(DatabaseError, match="does not answer"):
            cursor.execute("SELECT 2")
    thaw.cancel()
    assert not alone.is_usable()
    alone.close()


def test_requests_and_probes_are_answered_while_the_database_is_frozen(
    owner: Somebody, postgres: FreezableServer
) -> None:
    store(owner)
    with (
        web(VAULTSITE_DATABASE_URL=postgres.url, VAULTSITE_DATABASE_POOL="2") as url,
        reach(url) as http,
    ):
        tokens = connect(url, owner.person.email, PASSWORD, resource=f"{url}/api/mcp")
        Agent(http, tokens.access).answer("vault.list_credentials")
        postgres.runs.clear()
        refused = Agent(http, tokens.access).call("vault.list_credentials")
        checks = http.get("/readyz").json()["checks"]
        postgres.runs.set()

        assert refused["structuredContent"]["code"] == "service/unavailable"
        assert checks["database"] == "does not answer"
        assert {checks[name] for name in ("migrations", "role", "keys", "mail")} == {
            "unknown while the database is out of reach"
        }
        end = time.monotonic() + DEADLINE
        while http.get("/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.2)
        Agent(http, tokens.access).answer("vault.list_credentials")
