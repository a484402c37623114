"""A dump brings back ended access; after a restore all of it is ended (docs/restoring.md)."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx2
import psycopg
import pytest
from django.conf import settings

from access.tenancy import tenant_transaction
from audit.events import Event
from audit.models import Entry
from audit.recording import INSTALLATION
from devtools.cluster_directory import wheel_programs
from identity.models import AccessToken, BrowserSession, Consent
from identity.operations.restored_access import end_restored_access
from leases.models import Lease, LeaseState
from tests.alone import environment, web
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, lease, store

RESTORED = "test_restored"
EACH_LINE = re.MULTILINE | re.DOTALL


@pytest.fixture
def http(server: str, database: None) -> Iterator[httpx2.Client]:
    """A connection to the running product."""
    with reach(server) as connection:
        yield connection


def test_leases_tokens_and_sessions_are_ended_and_recorded(
    http: httpx2.Client, owner: Somebody, outsider: Somebody
) -> None:
    store(owner)
    store(outsider)
    lease(outsider.agent)
    url = settings.PUBLIC_URL
    token = connect(url, owner.person.email, PASSWORD, resource=f"{url}/api/mcp").access
    Agent(http, token).answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)

    ended = end_restored_access()

    assert {name: ended[name] for name in ("leases", "access_tokens", "consents")} == {
        "leases": 2,
        "access_tokens": 1,
        "consents": 1,
    }
    assert ended["sessions"] >= 1
    assert not AccessToken.objects.exists()
    assert not BrowserSession.objects.exists()
    assert not Consent.objects.filter(ended_at=None).exists()
    for who in (owner, outsider):
        with tenant_transaction(who.console.tenant_id):
            assert {one.state for one in Lease.objects.of(who.console)} == {LeaseState.REVOKED}
            assert Entry.objects.of(who.console).filter(event=Event.TENANT_RESTORED).count() == 1
            assert Entry.objects.of(who.console).filter(event=Event.LEASE_REVOKED).count() == 1
    with tenant_transaction(INSTALLATION):
        found = Entry.objects.filter(tenant_id=INSTALLATION, event=Event.INSTALLATION_RESTORED)
        assert found.get().details["ended"]["leases"] == 2
    assert Agent(http, token).ask_tool("vault.list_credentials", {}).status_code == 401


def test_running_it_again_ends_nothing_more(owner: Somebody, database: None) -> None:
    store(owner)
    lease(owner.agent)
    assert end_restored_access()["leases"] == 1
    assert sum(end_restored_access().values()) == 0


def in_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture
def restored(database: None) -> Iterator[str]:
    """The name of an empty database to restore into."""
    maintenance = str(settings.ENVIRONMENT.database_owner_url)
    with psycopg.connect(maintenance, autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {RESTORED} (FORCE)")
        owner.execute(f"CREATE DATABASE {RESTORED}")
    yield RESTORED
    with psycopg.connect(maintenance, autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {RESTORED} (FORCE)")


def commands_of_the_guide() -> tuple[str, str]:
    """The dump and the restore as the guide has them."""
    guide = (settings.BASE_DIR / "docs" / "restoring.md").read_text(encoding="utf-8")
    dump, restore = re.findall(r"^ *(?:pg_dump|pg_restore) .*?vault\.dump.*?$", guide, EACH_LINE)
    return dump, restore


def test_a_backup_is_restored_by_the_commands_of_the_guide(
    http: httpx2.Client, owner: Somebody, restored: str, tmp_path: Path
) -> None:
    store(owner)
    url = settings.PUBLIC_URL
    token = connect(url, owner.person.email, PASSWORD, resource=f"{url}/api/mcp").access
    application = str(settings.ENVIRONMENT.database_url)
    owners = str(settings.ENVIRONMENT.database_owner_url)
    source = in_database(owners, settings.DATABASES["default"]["NAME"])
    target = in_database(owners, restored)
    dump, restore = commands_of_the_guide()
    path = f"{wheel_programs()}:/usr/bin:/bin"
    for command, database in ((dump, source), (restore, target)):
        subprocess.run(
            ["bash", "-euc", command],
            cwd=tmp_path,
            check=True,
            env={"PATH": path, "VAULTSITE_DATABASE_OWNER_URL": database},
        )
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    given = {"VAULTSITE_DATABASE_URL": in_database(application, restored)}
    migrating = environment(**given, VAULTSITE_DATABASE_OWNER_URL=target)
    subprocess.run([*manage, "migrate", "--database", "owner"], env=migrating, check=True)
    for name in ("end_restored_access", "check_invariants"):
        subprocess.run([*manage, name], env=environment(**given), check=True)

    with web(**given) as running, reach(running) as again:
        assert again.get("/readyz").status_code == 200
        assert Agent(again, token).ask_tool("vault.list_credentials", {}).status_code == 401
        resource = f"{running}/api/mcp"
        agent = Agent(
            again, connect(running, owner.person.email, PASSWORD, resource=resource).access
        )
        leased = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
        read = agent.answer("vault.read_credential", leaseHandle=leased["leaseHandle"])
    assert read["value"] == CANARY
