"""Real PostgreSQL as the application role: the owner makes, migrates and empties the database."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from psycopg import sql

from access.levels import Role
from tests.disclosure.echo_upstream import SENDABLE_PORT, EchoUpstream
from tests.disclosure.sending import listed
from tests.emptying import empty_database, end_sharing
from tests.environment import WORKER
from tests.live import running_server
from tests.people import Somebody, join, new_person, new_tenant, somebody


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Thousands of sign-ins happen in the tests; see tests/hashing.py."""
    with override_settings(PASSWORD_HASHERS=["tests.hashing.QuickArgon2"]):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A database of this process's own, owned and migrated by the owner, dropped afterwards."""
    name = f"test_vault_{WORKER}"
    maintenance = str(settings.ENVIRONMENT.database_owner_url)
    with psycopg.connect(maintenance, autocommit=True) as owner:
        template = _migrated_template(owner, django_db_blocker)
        _drop(owner, name)
        names = (sql.Identifier(name), sql.Identifier(template))
        owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    _use(name)
    with django_db_blocker.unblock():
        empty_database()  # of the rows that migrations bring: every test begins alike
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    with psycopg.connect(maintenance, autocommit=True) as owner:
        _drop(owner, name)


def _migrated_template(owner: psycopg.Connection[Any], django_db_blocker: Any) -> str:
    """An empty, migrated database to copy: migrating takes many times as long as copying.

    One process makes it while the others wait; its name says of which migrations it is.
    """
    name = f"test_template_{_fingerprint()}"
    owner.execute("SELECT pg_advisory_lock(1)")
    found = owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if found is None:
        draft = f"{name}_draft"
        _drop(owner, draft)
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
        _use(draft)
        with django_db_blocker.unblock():
            call_command("migrate", database="owner", verbosity=0)
            connections.close_all()
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        owner.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
    owner.execute("SELECT pg_advisory_unlock(1)")
    return name


def _fingerprint() -> str:
    """Of all that decides what the migrated database looks like."""
    base = Path(settings.BASE_DIR)
    sources = [*base.glob("*/migrations/*.py"), *base.glob("foundation/db/*.py")]
    found = hashlib.sha256()
    for source in sorted(sources):
        found.update(source.read_bytes())
    return found.hexdigest()[:16]


def _use(name: str) -> None:
    for alias in ("default", "owner"):
        settings.DATABASES[alias]["NAME"] = name
        # This thread keeps its connections: one for each request costs more than most requests.
        # A running server's threads do not, because nobody would close theirs.
        connections[alias].settings_dict = {**settings.DATABASES[alias], "CONN_MAX_AGE": None}


def _drop(owner: psycopg.Connection[Any], name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        owner.execute(statement + sql.SQL(" (FORCE)"))
    except psycopg.errors.InsufficientPrivilege:
        # An autovacuum worker is in there, which the owner may not end by force but without.
        owner.execute(statement)


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The product on a real socket; answers its base URL. Use together with `database`."""
    with django_db_blocker.unblock(), running_server() as url:
        yield url


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """An empty database for this test; everything under test runs as the application role."""
    with django_db_blocker.unblock():
        end_sharing()
        cache.clear()
        yield
        empty_database()


@pytest.fixture
def sendable() -> Iterator[EchoUpstream]:
    """A server, listed by the operator, at the place of `tests.contracts.acme.SENDABLE`."""
    with EchoUpstream(None, SENDABLE_PORT) as upstream, listed(upstream, None):
        yield upstream


@pytest.fixture
def owner(database: None) -> Somebody:
    """Owns acme."""
    person = new_person("olivia")
    return somebody(person, new_tenant("acme", person), Role.OWNER)


@pytest.fixture
def member(owner: Somebody) -> Somebody:
    """A plain member of acme: sees everything (baseline `viewer`), may lease nothing yet."""
    return join(owner, new_person("marc"))


@pytest.fixture
def outsider(database: None) -> Somebody:
    """Owns globex and has no place in acme."""
    person = new_person("otto")
    return somebody(person, new_tenant("globex", person), Role.OWNER)
