"""One whole `manage.py up`, from its start to its end, as a person and as scripts see it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg import sql

from devtools.bootstrap import ROOT, Environment
from devtools.data_directory import DataDirectory
from devtools.servers import remove_data
from tests.devtools.running import Up, bring_up, descendants, eventually, finish, is_running, run

# Everything here shares one running installation, so it runs in one process.
pytestmark = [
    pytest.mark.xdist_group("up"),
    pytest.mark.skipif(
        not Environment(ROOT).is_complete(),
        reason="`up` would replace this .venv, which `verify` did not make",
    ),
]

# What only this program has in its command line.
SIGNS = {
    "web": b"devtools.web",
    "worker": b"worker",
    "beat": b"vaultsite.beat",
    "postgres": b"listen_addresses",
    "valkey": b"valkey-server",
}


def program(up: Up, name: str) -> int:
    """The pid of one of its programs."""
    for pid in Path(f"/proc/{up.process.pid}/task/{up.process.pid}/children").read_text().split():
        if SIGNS[name] in Path(f"/proc/{pid}/cmdline").read_bytes():
            return int(pid)
    raise LookupError(name)


def counted(database_url: str, table: str) -> int:
    """How many rows a role sees."""
    with psycopg.connect(database_url) as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        (count,) = connection.execute(query).fetchone() or (0,)
        return int(count)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    data = tmp_path_factory.mktemp("up") / "data"
    try:
        running = bring_up(data)
        yield running
        running.process.terminate()
        finish(running.process)
    finally:
        remove_data(DataDirectory(data))


def test_ready_file_tells_scripts_everything_and_others_nothing(up: Up) -> None:
    assert (up.data / "ready.json").stat().st_mode & 0o777 == 0o600
    ready = up.ready
    assert set(ready) == {
        "publicUrl",
        "mcpUrl",
        "pid",
        "databaseUrl",
        "databaseOwnerUrl",
        "redisUrl",
        "people",
        "credentials",
    }
    assert ready["publicUrl"] == f"http://localhost:{up.port}"
    assert ready["mcpUrl"] == f"http://localhost:{up.port}/api/mcp"
    assert ready["pid"] == up.process.pid
    assert {"stripe-api-key", "prod-database-url"} <= set(ready["credentials"])
    assert {(one["tenant"], one["role"]) for one in ready["people"]} == {
        ("acme", "owner"),
        ("acme", "member"),
        ("globex", "owner"),
    }
    assert all(set(one) == {"email", "password", "role", "tenant"} for one in ready["people"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_answers_on_loopback(up: Up, host: str) -> None:
    assert httpx2.get(f"http://{host}:{up.port}/livez", trust_env=False).status_code == 200


def test_the_application_role_finds_no_tenant_data_without_a_tenant(up: Up) -> None:
    assert counted(up.ready["databaseOwnerUrl"], "credential") > 0
    assert counted(up.ready["databaseUrl"], "credential") == 0


def test_no_program_but_migrate_learns_the_owners_password(up: Up) -> None:
    owner_url = up.ready["databaseOwnerUrl"].encode()
    surroundings = [
        Path(f"/proc/{pid}/environ").read_bytes() for pid in descendants(up.process.pid)
    ]
    assert len(surroundings) >= 5
    assert not [text for text in surroundings if owner_url in text]


def test_a_second_up_names_the_first_and_ends_well(up: Up) -> None:
    code, output = up.again()
    assert code == 0
    assert f"already running at http://localhost:{up.port}/ (pid {up.process.pid})" in output
    assert up.process.poll() is None


def test_a_second_up_checks_the_first_when_asked_to(up: Up) -> None:
    code, output = up.again("--exit")
    assert code == 0, output
    assert "expired by the worker" in output
    assert "self-check passed" in output
    assert not [one["password"] for one in up.ready["people"] if one["password"] in output]


def test_repeated_self_checks_are_one_agent(up: Up) -> None:
    assert up.again("--exit")[0] == 0
    assert counted(up.ready["databaseOwnerUrl"], "agent") == 1


def test_a_taken_port_is_told_with_what_to_do(up: Up, tmp_path: Path) -> None:
    code, output = run(
        "manage.py", "up", "--exit", "--port", str(up.port), "--data-dir", str(tmp_path / "other")
    )
    assert code == 1
    assert f"port {up.port} is taken by another program; choose one with --port N" in output


def test_a_stopped_up_leaves_nothing_running(up: Up) -> None:
    """The last that is asked of the shared one."""
    pids = descendants(up.process.pid)
    assert len(pids) >= 5
    up.process.send_signal(signal.SIGINT)
    code, output = finish(up.process)
    assert code == 0, output
    assert not [pid for pid in pids if is_running(pid)]
    assert not (up.data / "ready.json").exists()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory for several runs, one after the other."""
    path = tmp_path_factory.mktemp("kept") / "data"
    yield path
    remove_data(DataDirectory(path))


@pytest.fixture
def another(kept: Path) -> Iterator[Up]:
    """An `up` that a test may harm."""
    running = bring_up(kept)
    yield running
    running.process.terminate()
    finish(running.process)


@pytest.mark.full
@pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "valkey"])
def test_a_program_that_ends_ends_everything(another: Up, name: str) -> None:
    pids = descendants(another.process.pid)
    os.kill(program(another, name), signal.SIGKILL)
    code, output = finish(another.process)
    assert code == 1
    assert f"vault: {name} ended" in output
    assert f"{name}.log" in output
    assert eventually(lambda: not [pid for pid in pids if is_running(pid)])


@pytest.mark.full
@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_self_check_fails_without_worker_or_beat(another: Up, name: str) -> None:
    """Frozen, not ended: nothing but the missing expiry entry gives it away."""
    frozen = program(another, name)
    os.kill(frozen, signal.SIGSTOP)
    try:
        code, output = another.again("--exit")
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert code == 1
    assert "no lease.expired entry" in output
    assert "/readyz finds wrong: worker: no heartbeat" in output


@pytest.mark.full
def test_a_killed_up_leaves_nothing_running_and_the_next_one_starts(another: Up) -> None:
    pids = descendants(another.process.pid)
    another.process.kill()
    finish(another.process)
    assert eventually(lambda: not [pid for pid in pids if is_running(pid)])
    code, output = another.again("--exit", "--port", str(another.port))
    assert code == 0, output


@pytest.mark.full
def test_without_demo_people_a_link_to_set_it_up_is_shown(tmp_path: Path) -> None:
    data = tmp_path / "data"
    try:
        fresh = bring_up(data, "--no-demo")
        link = (data / "run" / "setup-link").read_text("utf-8").strip()
        first = httpx2.get(link, follow_redirects=True, trust_env=False)
        fresh.process.send_signal(signal.SIGINT)
        code, output = finish(fresh.process)
        assert code == 0, output
        assert "no demo people for the self-check" in output
        assert f"set up    {link}" in output
        assert "Step 1 of 3" in first.text
        assert not (data / "keys" / "people.json").exists()
    finally:
        remove_data(DataDirectory(data))
