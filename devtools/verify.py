"""`manage.py verify`: every check of the project, on a PostgreSQL and Valkey of its own."""

import argparse
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devtools.bootstrap import ROOT
from devtools.data_directory import DataDirectory, lock_directory, open_directory
from devtools.exit_codes import exit_code
from devtools.installation import key_files
from devtools.output import hint, say, timed
from devtools.process_lifetime import die_with_parent
from devtools.processes import ProcessGroup
from devtools.servers import remove_data, start_servers
from devtools.settings_env import without_settings

PREFIX = "verify-"
WORKERS = 2
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ASKED_FOR = ("full", "claude_code", "clients")


@dataclass(frozen=True)
class Options:
    """What the command line asks for: pytest markers to add, and arguments for pytest."""

    markers: tuple[str, ...]
    pytest: list[str]


@dataclass(frozen=True)
class Check:
    """One static check: a module of this interpreter with its arguments."""

    name: str
    arguments: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()


PRODUCTION = (
    ("VAULTSITE_DEVELOPMENT", "false"),
    ("VAULTSITE_PUBLIC_URL", "https://vault.example.org"),
)
IMPORT_LINTER = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
CHECKS = (
    Check("ruff check", ("-m", "ruff", "check", ".")),
    Check("ruff format", ("-m", "ruff", "format", "--check", ".")),
    Check("layers", ("-c", IMPORT_LINTER)),
    Check("mypy", ("-m", "mypy", ".")),
    Check("migrations", ("manage.py", "makemigrations", "--check", "--dry-run")),
    Check(
        "django check --deploy",
        ("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        PRODUCTION,
    ),
)


def main(arguments: list[str]) -> int:
    """Runs the command; 0 when everything passed, 1 otherwise, 130 after Ctrl-C."""
    options = _parse(arguments)
    return exit_code(lambda: _verify(options))


def _parse(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="manage.py verify",
        description="Check style, types, layers and migrations, then run the tests.",
        epilog="Arguments after -- go to pytest.",
        allow_abbrev=False,
    )
    parser.add_argument("--full", action="store_true", help="add the tests that take long")
    parser.add_argument("--claude-code", action="store_true", help="add the real Claude Code")
    parser.add_argument(
        "--clients", action="store_true", help="add real clients and linters of OpenAPI"
    )
    ours, for_pytest = _split(arguments)
    found = parser.parse_args(ours)
    markers = tuple(name for name in ASKED_FOR if getattr(found, name))
    return Options(markers, for_pytest)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    middle = arguments.index("--")
    return arguments[:middle], arguments[middle + 1 :]


def _verify(options: Options) -> int:
    home = ROOT / ".vault"
    _remove_left_over(home)
    data = open_directory(home / f"{PREFIX}{secrets.token_hex(4)}")
    with lock_directory(data):
        try:
            return _verify_in(data, options)
        finally:
            remove_data(data)


def _verify_in(data: DataDirectory, options: Options) -> int:
    with ProcessGroup(data.logs) as family:
        with timed("databases ready"):
            servers = start_servers(family, data, throwaway=True)
        settings = {"DEVELOPMENT": "true"} | key_files(data) | servers.settings()
        environment = without_settings() | {f"VAULTSITE_{k}": v for k, v in settings.items()}
        failed = [check.name for check in CHECKS if not _passes(check, environment)]
        _say_what_is_skipped(options)
        if _run_tests(options, environment):
            failed.append("tests")
    if failed and failed != ["tests"]:
        print(f"vault: failed: {', '.join(failed)}", file=sys.stderr, flush=True)
    return 1 if failed else 0


def _passes(check: Check, environment: Mapping[str, str]) -> bool:
    """Runs one static check and prints the outcome, with its output when it failed."""
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, *check.arguments],
        cwd=ROOT,
        env=dict(environment) | dict(check.settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        preexec_fn=die_with_parent(),
    )
    outcome = "failed" if ended.returncode else "ok"
    say(f"{check.name}: {outcome}, {time.monotonic() - started:.1f} s")
    if ended.returncode:
        for line in ended.stdout.splitlines():
            hint(line)
    return ended.returncode == 0


def _say_what_is_skipped(options: Options) -> None:
    if not any(map(shutil.which, CHROMIUMS)):
        say("no chromium on this machine: the browser tests are skipped (`apt install chromium`)")
    if "claude_code" in options.markers and shutil.which("npm") is None:
        say("no npm on this machine: the Claude Code tests are skipped (`apt install npm`)")


def _run_tests(options: Options, environment: Mapping[str, str]) -> int:
    """Runs pytest on this terminal; its summary is the last line."""
    left_out = [f"not {name}" for name in ASKED_FOR if name not in options.markers]
    chosen = ["-m", " and ".join(left_out)] if left_out else []
    # loadgroup: tests that share something costly say so and stay in one process.
    spread = ["-n", str(WORKERS), "--dist", "loadgroup"]
    command = [sys.executable, "-m", "pytest", *spread, *chosen, *options.pytest]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        check=False,
        preexec_fn=die_with_parent(),
    )
    return ended.returncode


def _remove_left_over(home: Path) -> None:
    """Removes what a killed run left; a locked directory belongs to a running one."""
    for path in home.glob(f"{PREFIX}*"):
        data = DataDirectory(path)
        with lock_directory(data) as ours:
            if ours:
                remove_data(data)
