"""A private PostgreSQL on a free loopback port, with passwords of its own for every role."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from devtools import database_roles
from devtools.cluster_directory import ClusterDirectory
from devtools.data_directory import PRIVATE, DataDirectory
from devtools.exit_codes import LaunchError
from devtools.key_files import APPLICATION_KEYS, DATABASE_PASSWORDS, make_once, missing, read_key
from devtools.ports import free_port
from devtools.processes import Child, ProcessGroup, Program

START_SECONDS = 60
END_SECONDS = 20
CONNECTIONS = 150
HOST = "127.0.0.1"


@dataclass(frozen=True)
class PostgresUrls:
    """How the application and the owner reach the database."""

    application: str
    owner: str


def start_postgres(
    family: ProcessGroup, data: DataDirectory, place: ClusterDirectory, *, throwaway: bool = False
) -> PostgresUrls:
    """Starts the data directory's PostgreSQL, making cluster, roles and database when missing.

    `throwaway` trades durability for speed. Raises LaunchError.
    """
    _require_keys_of(place, data)
    make_once(data.keys, DATABASE_PASSWORDS)
    _make_cluster(place, read_key(data.keys, "postgres_superuser"))
    _end_leftover(place.cluster)
    port = free_port()
    child = family.start(_server(place, port, throwaway))
    with _superuser(data, port, child) as connection:
        passwords = {
            database_roles.OWNER: read_key(data.keys, "postgres_owner"),
            database_roles.APPLICATION: read_key(data.keys, "postgres_application"),
        }
        database_roles.ensure(connection, passwords, may_create_databases=throwaway)
    return PostgresUrls(
        application=_url(database_roles.APPLICATION, passwords[database_roles.APPLICATION], port),
        owner=_url(database_roles.OWNER, passwords[database_roles.OWNER], port),
    )


def _url(role: str, password: str, port: int) -> str:
    return f"postgresql://{role}:{password}@{HOST}:{port}/{database_roles.DATABASE}"


def _require_keys_of(place: ClusterDirectory, data: DataDirectory) -> None:
    """Fails closed where new keys would be made for a database that old ones sealed."""
    gone = missing(data.keys, (*APPLICATION_KEYS, *DATABASE_PASSWORDS))
    if place.cluster.exists() and gone:
        raise LaunchError(
            f"the key file {gone[0]} of the database in {place.directory} is gone; "
            "put its backup back, or remove that directory to start anew"
        )


def _make_cluster(place: ClusterDirectory, password: str) -> None:
    """Runs initdb beside the final name, so that a killed run leaves no half of a cluster."""
    if place.cluster.exists():
        return
    draft = place.directory / "cluster.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=PRIVATE)
    password_file = place.directory / "initial-password"
    password_file.unlink(missing_ok=True)
    try:
        _write_for(place, password_file, password)
        _give(place, draft)
        _initdb(place, draft, password_file)
    finally:
        password_file.unlink(missing_ok=True)
    draft.rename(place.cluster)


def _write_for(place: ClusterDirectory, path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
    _give(place, path)


def _give(place: ClusterDirectory, path: Path) -> None:
    if place.account is not None:
        os.chown(path, place.account.uid, place.account.gid)


def _initdb(place: ClusterDirectory, directory: Path, password_file: Path) -> None:
    options = (
        f"--username={database_roles.SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    )
    account = place.account
    ended = subprocess.run(
        [str(place.programs / "initdb"), *options, "-D", str(directory)],
        env=_surroundings(),
        cwd=directory,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    if ended.returncode:
        raise LaunchError(f"PostgreSQL's initdb failed: {ended.stderr.strip()}")


def _server(place: ClusterDirectory, port: int, throwaway: bool) -> Program:
    durability = "off" if throwaway else "on"
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": str(CONNECTIONS),
        "password_encryption": "scram-sha-256",
        "fsync": durability,
        "synchronous_commit": durability,
        "full_page_writes": durability,
        # Failed statements are not logged: their text may contain what was to be stored.
        "log_min_error_statement": "panic",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Program(
        name="postgres",
        arguments=[str(place.programs / "postgres"), "-D", str(place.cluster), *options],
        environment=_surroundings(),
        account=place.account,
        end=signal.SIGINT,
        directory=place.cluster if place.account is None else Path("/"),
    )


def _surroundings() -> dict[str, str]:
    """Nothing of the caller's environment steers the server; PG* variables would."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _end_leftover(cluster: Path) -> None:
    """Clears what a killed run left: a server still ending, or its stale pid file.

    PostgreSQL itself would take a stale file for a live server once the pid is used again.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists() or not Path("/proc/self").exists():
        return
    pid = _first_number(pid_file)
    if _serves(pid, cluster):
        os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + END_SECONDS
    while _serves(pid, cluster):
        if time.monotonic() > deadline:
            raise LaunchError(f"PostgreSQL (pid {pid}) of an earlier run does not end")
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def _first_number(path: Path) -> int:
    words = path.read_text(encoding="ascii", errors="replace").split()
    return int(words[0]) if words and words[0].isdecimal() else 0


def _serves(pid: int, cluster: Path) -> bool:
    """Whether this pid is the server of this cluster: PostgreSQL works in its data directory."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == cluster.resolve()
    except OSError:
        return False


@contextlib.contextmanager
def _superuser(
    data: DataDirectory, port: int, server: Child
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    connection = _connect(port, read_key(data.keys, "postgres_superuser"), server)
    try:
        yield connection
    finally:
        connection.close()


def _connect(port: int, password: str, server: Child) -> psycopg.Connection[tuple[object, ...]]:
    """Waits until the server answers. Raises LaunchError."""
    deadline = time.monotonic() + START_SECONDS
    while server.is_running() and time.monotonic() < deadline:
        try:
            return psycopg.connect(
                host=HOST,
                port=port,
                user=database_roles.SUPERUSER,
                password=password,
                dbname="postgres",
                autocommit=True,
                connect_timeout=3,
            )
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise LaunchError(server.ending())
