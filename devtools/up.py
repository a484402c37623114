"""`manage.py up`: everything of one installation on this machine, until Ctrl-C."""

import argparse
import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.bootstrap import ROOT
from devtools.data_directory import DataDirectory, lock_directory, open_directory
from devtools.exit_codes import LaunchError, exit_code
from devtools.health import await_ready
from devtools.installation import Installation
from devtools.output import hint, say, timed
from devtools.ports import listen
from devtools.processes import ProcessGroup
from devtools.ready_file import RunningInstallation, read_ready, write_ready
from devtools.servers import start_servers
from devtools.smoke_test import Watch, run_self_check

DEFAULT_PORT = 8000
OTHER_SECONDS = 120
# A web process that a killed launcher left may need this long to give its port back.
LEFTOVER_SECONDS = 10
WATCH_SECONDS = 0.5


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    exit: bool
    port: int
    data_dir: Path
    demo: bool


def main(arguments: list[str]) -> int:
    """Runs the command: 0 after Ctrl-C or --exit, 1 for a failure, 130 for a start cut short."""
    options = _parse(arguments)
    return exit_code(lambda: _run_or_report(options))


def _run_or_report(options: Options) -> int:
    data = open_directory(options.data_dir)
    with lock_directory(data) as locked:
        return _run(data, options) if locked else _report_other_run(data, options)


def _parse(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="manage.py up",
        description="Start PostgreSQL, Valkey, web, worker and beat, check them, and wait.",
        epilog="Ctrl-C stops everything; the exit code is then 0.",
        allow_abbrev=False,
    )
    parser.add_argument("--exit", action="store_true", help="stop after the self-check")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, metavar="N", help="web port (default 8000)"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=ROOT / ".vault",
        metavar="DIR",
        help="where data, keys and logs are kept (default .vault)",
    )
    parser.add_argument("--no-demo", action="store_true", help="do not make the demo tenants")
    found = parser.parse_args(arguments)
    return Options(found.exit, found.port, found.data_dir, demo=not found.no_demo)


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < number < 65_536:
        raise argparse.ArgumentTypeError("a number from 1 to 65535 is needed")
    return number


def _run(data: DataDirectory, options: Options) -> int:
    left_over = data.ready.exists()
    data.ready.unlink(missing_ok=True)
    sockets = listen(options.port, LEFTOVER_SECONDS if left_over else 0)
    with ProcessGroup(data.logs) as servers, ProcessGroup(data.logs) as programs, _unready(data):
        running = _start(data, options, sockets, servers, programs)
        _check(running, programs.require_running)
        if options.exit:
            say("stopping, as asked by --exit")
            return 0
        write_ready(data, running)
        _print_summary(data, running)
        return _wait(servers, programs)


def _start(
    data: DataDirectory,
    options: Options,
    sockets: list[socket.socket],
    servers: ProcessGroup,
    programs: ProcessGroup,
) -> RunningInstallation:
    """Starts everything in order; returns once the application is ready."""
    with timed("databases ready"):
        stores = start_servers(servers, data)
    installation = Installation(data, stores, options.port)
    with timed("migrated"):
        installation.migrate(programs)
    if options.demo:
        with timed("demo tenants acme and globex seeded"):
            installation.seed(programs)
    installation.offer_setup(programs)
    with timed("web, worker and beat ready"):
        installation.start(programs, sockets)
        await_ready(installation.public_url, programs.require_running, progress=programs.progress)
    return installation.describe(demo=options.demo)


def _check(running: RunningInstallation, watch: Watch) -> None:
    """The self-check; without demo people only `/readyz` can be checked."""
    if running.demo.owner() is None:
        with timed("no demo people for the self-check: /readyz finds all parts at work"):
            await_ready(running.public_url, watch, wholly=True)
        return
    with timed("self-check passed"):
        run_self_check(running, hint, watch)


@contextlib.contextmanager
def _unready(data: DataDirectory) -> Iterator[None]:
    try:
        yield
    finally:
        data.ready.unlink(missing_ok=True)


def _wait(*families: ProcessGroup) -> int:
    """Waits for Ctrl-C. Raises LaunchError when a process ends by itself."""
    try:
        while True:
            for family in families:
                family.require_running()
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        say("stopping")
        return 0


def _print_summary(data: DataDirectory, running: RunningInstallation) -> None:
    say(f"ready: {running.public_url}/   (Ctrl-C stops everything)")
    _print_usage(data, running)


def _print_usage(data: DataDirectory, running: RunningInstallation) -> None:
    owner = running.demo.owner()
    if owner is not None:
        hint(f"sign in   {owner.email}   password {owner.password}")
        hint(f"          all demo people: {_shown(data.people)}")
    elif data.setup_link.exists():
        hint(f"set up    {data.setup_link.read_text(encoding='utf-8').strip()}")
        hint("          it works once, for a day")
    hint(f"connect   claude mcp add --transport http vault {running.mcp_url} --callback-port 8123")
    hint("          claude mcp login vault")
    hint(f"logs      {_shown(data.logs)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _report_other_run(data: DataDirectory, options: Options) -> int:
    """Prints the address of the run that uses this data directory; with --exit checks that run."""
    deadline = time.monotonic() + OTHER_SECONDS
    running = read_ready(data)
    if running is None:
        say("another run of this data directory is starting; waiting for it ...")
    while running is None:
        if time.monotonic() > deadline:
            raise LaunchError(f"the other run did not get ready; its logs are in {data.logs}")
        time.sleep(WATCH_SECONDS)
        running = read_ready(data)
    say(f"already running at {running.public_url}/ (pid {running.pid})")
    if options.exit:
        _check(running, lambda: None)
    else:
        _print_usage(data, running)
    return 0
