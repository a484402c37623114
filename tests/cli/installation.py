"""vaultctl in an environment of its own, and a person who uses it."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import httpx2
from packaging.requirements import Requirement

from devtools.client.browser import Browser, away, form_with
from tests.machines import new_token, value_of
from tests.people import PASSWORD, Somebody

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


def install(where: Path) -> Path:
    """An environment with vaultctl and what it depends on, linked from here; answers the program.

    `install_wheel` is what people do; it takes half a minute.
    """
    environment = where / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    for name in ("vaultctl", "disclosure"):
        source = ROOT / name if name == "disclosure" else ROOT / "cli" / name
        shutil.copytree(source, packages / name, ignore=shutil.ignore_patterns("__pycache__"))
    needed = tomllib.loads((ROOT / "cli" / "pyproject.toml").read_text())["project"]
    for found in _closure(needed["dependencies"]):
        for top in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
            link = packages / top
            if top != "__pycache__" and not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))))
    program = environment / "bin" / "vaultctl"
    program.write_text(f"#!{environment}/bin/python\nfrom vaultctl.__main__ import main\nmain()\n")
    program.chmod(0o755)
    return program


def _closure(requirements: Iterable[str]) -> Iterator[Distribution]:
    """The distributions that satisfy the requirements, and theirs."""
    seen = {"keyring"}  # needs a session bus, which tests have not; the server does not have it
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        one = waiting.pop()
        if one.name.lower() in seen or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        seen.add(one.name.lower())
        found = distribution(one.name)
        yield found
        waiting += [Requirement(text) for text in found.requires or ()]


def install_wheel(where: Path) -> Path:
    """Build the wheel from a copy of the sources and install it; answers the program."""
    for name in ("cli", "disclosure"):
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT / name, where / "sources" / name, ignore=ignored)
    environment = where / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python, sources = str(environment / "bin" / "python"), str(where / "sources" / "cli")
    command = [python, "-m", "pip", "install", "--quiet", sources]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return environment / "bin" / "vaultctl"


# Imports what commands import, then runs each in a fork: most of a command's time is importing.
FORKS = """
import json, os, sys
from importlib import import_module
from vaultctl.__main__ import COMMANDS, HIDDEN, _run
for name in {module for module, _ in COMMANDS.values()} | set(HIDDEN.values()):
    import_module(f"vaultctl.commands.{name}")
for name in ("api", "agents", "leasing", "output", "session_memory", "proxy.server"):
    import_module(f"vaultctl.{name}")
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        code = 70
        try:
            os.chdir(asked["home"])
            for number, name in enumerate(asked["streams"]):
                os.dup2(os.open(name, os.O_RDWR), number)
            sys.stdin, sys.stdout, sys.stderr = (
                open(number, mode, encoding="utf-8", closefd=False)
                for number, mode in enumerate("rww")
            )
            os.environ.clear()
            os.environ.update(asked["environment"])
            code = _run(asked["arguments"])
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Forks:
    """Runs commands in forks of one process of the installed program."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [program.parent / "python", "-c", FORKS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )

    def run(
        self, arguments: Sequence[str], send: str, environment: dict[str, str], home: Path
    ) -> "subprocess.CompletedProcess[str]":
        """What the command did."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as directory:
            streams = [Path(directory) / name for name in ("in", "out", "err")]
            for stream in streams:
                stream.write_text(send if stream.name == "in" else "", encoding="utf-8")
            asked = {
                "arguments": list(map(str, arguments)),
                "environment": environment,
                "home": str(home),
                "streams": list(map(str, streams)),
            }
            self._process.stdin.write(f"{json.dumps(asked)}\n")
            self._process.stdin.flush()
            assert select.select([self._process.stdout], [], [], PATIENCE)[0], arguments
            code = int(self._process.stdout.readline())
            out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
        return subprocess.CompletedProcess(arguments, code, out, err)


@cache
def forks_of(program: Path) -> Forks:
    """Those of one installation."""
    return Forks(program)


@dataclass
class Vaultctl:
    """The program with a home of its own; nothing of this machine's configuration is read."""

    program: Path
    home: Path
    url: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the program is given."""
        path = f"{self.program.parent}:{os.environ['PATH']}"
        return {
            "PATH": path,
            "HOME": str(self.home),
            "VAULTCTL_URL": self.url,
            "LANG": "C.UTF-8",
            **self.variables,
        }

    def start(self, *arguments: str, **settings: Any) -> "subprocess.Popen[Any]":
        """Start a command with pipes."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = self.environment | settings.pop("variables", {})
        return subprocess.Popen(
            [self.program, *arguments],
            env=environment,
            cwd=self.home,
            **{"text": True, **given, **settings},
        )

    def run(
        self, *arguments: str, send: str | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, in a fork of a process that has imported everything."""
        return forks_of(self.program).run(
            arguments, send or "", self.environment | variables, self.home
        )

    def good(self, *arguments: str, send: str | None = None, **variables: str) -> str:
        """The output of a command that succeeds."""
        done = self.run(*arguments, send=send, **variables)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def data(self, *arguments: str) -> Any:
        """What a command answers with --json."""
        return json.loads(self.good(*arguments, "--json"))

    def login(self, who: Somebody, *options: str, **choices: str) -> str:
        """Sign in as a person does, in a browser."""
        process = self.start("login", "--no-browser", *options)
        assert process.stderr is not None
        address = shown_address(process.stderr)
        page = follow(self.url, who, address, **choices)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert page.url.path == "/oauth/complete"
        return str(out)


def as_person(vaultctl: Vaultctl, who: Somebody, *scopes: str) -> Vaultctl:
    """Let it act for somebody by a personal token in a file."""
    token = vaultctl.home.parent / f"token-{who.person.name}"
    given = list(scopes) or ["vault:read", "vault:write"]
    token.write_text(value_of(new_token(who, name=f"{who.person.name} {len(given)}", scopes=given)))
    vaultctl.variables["VAULTCTL_TOKEN_FILE"] = str(token)
    return vaultctl


def shown_address(lines: Iterator[str] | Any) -> str:
    for line in lines:
        if "code_challenge=" in line:
            return str(line.removeprefix("vaultctl: ").strip())
    raise AssertionError("no address was shown")


def follow(server: str, who: Somebody, address: str, **choices: str) -> httpx2.Response:
    """What a person does: sign in, allow, and let the browser follow; answers the last page."""
    with Browser(server) as browser:
        page = browser.open("/account/login/")
        form = form_with(page, "password")
        browser.submit(page, form, login=who.person.email, password=PASSWORD)
        page = browser.open(address)
        form = form_with(page, "agent")
        answer = browser.submit(page, form, **{"decision": "allow", **choices})
        target = away(answer)
    assert target is not None
    return httpx2.get(target, follow_redirects=True, timeout=20, trust_env=False)


def everything_below(places: Sequence[Path]) -> bytes:
    """All bytes of all files below some directories."""
    files = (path for place in places for path in place.rglob("*") if path.is_file())
    return b"\n".join(path.read_bytes() for path in files)


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """Kill the process when the block is left, if it is still there."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE)
