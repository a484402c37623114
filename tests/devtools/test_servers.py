"""The private servers: on loopback, behind passwords, with an application role that RLS binds."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from devtools.data_directory import DataDirectory, open_directory
from devtools.exit_codes import LaunchError
from devtools.processes import ProcessGroup
from devtools.servers import Servers, remove_data, start_servers
from devtools.settings_env import setting
from tests.devtools.running import eventually, is_running, start
from vaultsite.environment import PREFIX, SettingsError, read_setting

LAUNCH_AND_WAIT = """
import pathlib, time
from devtools import data_directory, processes, servers
data = data_directory.open_directory(pathlib.Path({data!r}))
with processes.ProcessGroup(data.logs) as family:
    servers.start_servers(family, data, throwaway=True)
    print(*[child.process.pid for child in family.children], flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith((PREFIX, "PG"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataDirectory]:
    directory = open_directory(tmp_path_factory.mktemp("launch") / "data")
    yield directory
    remove_data(directory)


@pytest.fixture
def family(data: DataDirectory) -> Iterator[ProcessGroup]:
    with ProcessGroup(data.logs) as children:
        yield children


@pytest.fixture
def servers(data: DataDirectory, family: ProcessGroup) -> Servers:
    return start_servers(family, data, throwaway=True)


def test_the_application_role_may_only_use_what_it_is_given(servers: Servers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        flags = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,"
            " pg_has_role(rolname, 'vault_owner', 'member')"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert flags == (False,) * 6
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine (id int)")


def test_the_owner_can_make_the_schema(servers: Servers) -> None:
    with psycopg.connect(servers.database_owner_url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        (superuser,) = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone() or (None,)
        assert superuser is False


def test_a_wrong_or_missing_password_opens_neither_server(servers: Servers) -> None:
    database, broker = urlsplit(servers.database_url), urlsplit(servers.redis_url)
    wrong = f"postgresql://vault_app:wrong@127.0.0.1:{database.port}/vault"
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(wrong)
    with redis.Redis(port=broker.port or 0) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with redis.Redis.from_url(servers.redis_url) as known:
        assert known.ping()


def test_nobody_outside_this_machine_reaches_them(servers: Servers) -> None:
    """Bound to 127.0.0.1 alone, even another loopback address finds nothing."""
    for url in (servers.database_url, servers.redis_url):
        port = urlsplit(url).port or 0
        with pytest.raises(OSError, match=r"refused|assign"):
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_no_password_is_in_a_process_argument_or_a_log(
    servers: Servers, data: DataDirectory, family: ProcessGroup
) -> None:
    secrets = {urlsplit(url).password or "" for url in servers.settings().values()}
    secrets |= {path.read_text(encoding="ascii").strip() for path in data.keys.iterdir()}
    assert all(len(secret) >= 32 for secret in secrets)
    shown = [" ".join(child.program.arguments) for child in family.children]
    shown += [child.log.read_text(encoding="utf-8") for child in family.children]
    assert not [text for text in shown if any(secret in text for secret in secrets)]


def test_data_and_keys_survive_a_restart(data: DataDirectory) -> None:
    with ProcessGroup(data.logs) as first:
        servers = start_servers(first, data, throwaway=True)
        with psycopg.connect(servers.database_owner_url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
    keys = {path.name: path.read_bytes() for path in data.keys.iterdir()}
    with ProcessGroup(data.logs) as second:
        servers = start_servers(second, data, throwaway=True)
        with psycopg.connect(servers.database_owner_url) as connection:
            connection.execute("SELECT id FROM kept")
    assert {path.name: path.read_bytes() for path in data.keys.iterdir()} == keys


def test_everything_kept_is_private(servers: Servers, data: DataDirectory) -> None:
    for path in (data.keys, data.logs, data.run):
        assert path.stat().st_mode & 0o077 == 0
        assert [file for file in path.iterdir() if file.stat().st_mode & 0o077] == []


def test_a_lost_key_is_not_replaced_while_its_database_lives(
    servers: Servers, data: DataDirectory, family: ProcessGroup
) -> None:
    family.stop()
    root_key = data.keys / "root_key"
    kept = root_key.rename(root_key.with_suffix(".kept"))
    with pytest.raises(LaunchError, match=r"the key file root_key .* is gone"):
        start_servers(family, data, throwaway=True)
    assert not root_key.exists()
    kept.rename(root_key)


def test_a_stale_pid_file_does_not_prevent_the_start(data: DataDirectory) -> None:
    """After a power cut the file may name a pid that meanwhile belongs to another program."""
    with ProcessGroup(data.logs) as first:
        start_servers(first, data, throwaway=True)
        cluster = first.children[0].program.arguments[2]
    stale = f"{os.getpid()}\n{cluster}\n1\n5432\n\n127.0.0.1\n"
    Path(cluster, "postmaster.pid").write_text(stale, encoding="ascii")
    with ProcessGroup(data.logs) as second:
        servers = start_servers(second, data, throwaway=True)
        with psycopg.connect(servers.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_servers_end_with_a_killed_launcher(data: DataDirectory) -> None:
    launcher = start("-c", LAUNCH_AND_WAIT.format(data=str(data.path)))
    assert launcher.stdout is not None
    pids = [int(pid) for pid in launcher.stdout.readline().split()]
    assert len(pids) == 2
    launcher.kill()
    launcher.communicate()
    assert eventually(lambda: not any(is_running(pid) for pid in pids))


def test_given_servers_are_used_as_they_are(
    data: DataDirectory, family: ProcessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "VAULTSITE_DATABASE_URL": "postgresql://app:x@db.example:5432/vault",
        "VAULTSITE_DATABASE_OWNER_URL": "postgresql://owner:x@db.example:5432/vault",
        "VAULTSITE_REDIS_URL": "redis://cache.example:6379/0",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    servers = start_servers(family, data)
    assert family.children == []
    assert [f"{PREFIX}{name}" for name in servers.settings()] == list(given)
    assert list(servers.settings().values()) == list(given.values())


def test_a_given_database_needs_its_owner_too(
    data: DataDirectory, family: ProcessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULTSITE_DATABASE_URL", "postgresql://app:x@db.example:5432/vault")
    with pytest.raises(LaunchError, match="VAULTSITE_DATABASE_OWNER_URL is needed too"):
        start_servers(family, data)
    assert family.children == []


def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(LaunchError, match="others may write"):
        open_directory(shared)


@pytest.mark.parametrize("read", [setting, read_setting], ids=["launcher", "application"])
def test_a_setting_that_is_given_twice_is_refused_by_launcher_and_application(
    read: Callable[[str], str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULTSITE_EMAIL_FROM", "one@example.org")
    monkeypatch.setenv("VAULTSITE_EMAIL_FROM_FILE", str(tmp_path / "another"))
    with pytest.raises((LaunchError, SettingsError), match="EMAIL_FROM_FILE are both set"):
        read("EMAIL_FROM")
