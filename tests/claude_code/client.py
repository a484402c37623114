"""The real Claude Code, installed from npm and driven without a person or a model account.

Every run has a configuration directory of its own; one that exists on the machine is never read.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

VERSION = "2.1.330"
NEWEST = "latest"
NAME = "@anthropic-ai/claude-code"
CALLBACK_PORT = 8123
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07")
_AUTHORIZE = re.compile(r"(https?://\S*code_challenge=\S*)\s*\r?\n")


def missing() -> str | None:
    """Why Claude Code cannot be run here, or None."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is missing: install Node.js with npm to run the Claude Code tests"
    return None


@dataclass(frozen=True)
class ClaudeCode:
    """One installation with an empty home."""

    program: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the client is given; nothing of the machine's own configuration."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(self.home / ".claude"),
            "TERM": "xterm-256color",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }

    @property
    def work(self) -> Path:
        """The directory in which it is called."""
        return self.home / "work"

    def run(self, *arguments: str, timeout: float = 60, **environment: str) -> str:
        """One command's output; fails when the command does."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.work,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"claude {arguments[0]}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def login(self, server: str, approve: Callable[[str], None], timeout: float = 60) -> str:
        """`claude mcp login`, which needs a terminal; `approve` gets the authorization address."""
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.work)
            command = [str(self.program), "mcp", "login", server, "--no-browser"]
            os.execve(self.program, command, self.environment)  # a terminal needs fork
        text = self._converse(terminal, approve, timeout)
        _, status = os.waitpid(process, 0)
        assert os.waitstatus_to_exitcode(status) == 0, text[-800:]
        return text

    def _converse(self, terminal: int, approve: Callable[[str], None], timeout: float) -> str:
        heard, approved, end = b"", False, time.monotonic() + timeout
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.3)[0]:
                continue
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # Linux says so when the other side of a terminal is gone
                break
            if not chunk:
                break
            heard += chunk
            address = _AUTHORIZE.search(plain(heard))
            if address and not approved:
                approved = True
                approve(address.group(1))
        return plain(heard)


def plain(output: bytes) -> str:
    """Terminal output without its escape sequences."""
    return _ESCAPES.sub("", output.decode(errors="replace"))


def install(where: Path, version: str = VERSION) -> Path:
    """Install that version of the client."""
    if version == NEWEST:
        version = _npm("view", NAME, "version").strip()
    return install_from_npm(where, NAME, version, "claude")


def install_from_npm(where: Path, package: str, version: str, program: str) -> Path:
    """A program of a package; an exact version, because npm takes older ones on older Nodes."""
    _npm("install", "--no-audit", "--no-fund", "--prefix", str(where), f"{package}@{version}")
    found = where / "node_modules" / ".bin" / program
    installed = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    assert version in installed.stdout, installed.stdout
    return found


def _npm(*arguments: str) -> str:
    done = subprocess.run(
        ["npm", *arguments], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
