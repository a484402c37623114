"""vaultctl from its own wheel, in an environment of its own, and a person who uses it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from devtools.client.browser import Browser, away, form_with
from tests.machines import new_token, value_of
from tests.people import PASSWORD, Somebody

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


def install(where: Path) -> Path:
    """Build the wheel from a copy of the sources and install it; answers the program."""
    for name in ("cli", "disclosure"):
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT / name, where / "sources" / name, ignore=ignored)
    subprocess.run([sys.executable, "-m", "venv", where / "venv"], check=True)
    python = where / "venv" / "bin" / "python"
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        where / "sources" / "cli",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return where / "venv" / "bin" / "vaultctl"


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
        """Run a command to its end."""
        return subprocess.run(
            [self.program, *arguments],
            env=self.environment | variables,
            input=send,
            stdin=subprocess.DEVNULL if send is None else None,
            capture_output=True,
            text=True,
            cwd=self.home,
            timeout=PATIENCE,
            check=False,
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
