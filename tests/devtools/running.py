"""Runs the project's commands as a person does, with an environment that has no settings in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.bootstrap import ROOT
from devtools.ports import free_port

DEADLINE = 120.0


def plain_environment() -> dict[str, str]:
    """The machine's environment without our settings, pytest's and Python's variables."""
    ours = ("VAULTSITE_", "PYTEST", "PYTHON", "COV", "DJANGO")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def start(
    *arguments: str, python: str = sys.executable, where: Path = ROOT
) -> subprocess.Popen[str]:
    """Starts a Python command whose whole output can be read."""
    return subprocess.Popen(
        [python, *arguments],
        cwd=where,
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """A started command's exit code and output."""
    try:
        output, _ = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
    return process.returncode, output


def run(*arguments: str, python: str = sys.executable, where: Path = ROOT) -> tuple[int, str]:
    """A command's exit code and output."""
    return finish(start(*arguments, python=python, where=where))


def eventually(holds: Callable[[], bool], deadline: float = DEADLINE) -> bool:
    """Whether it holds before the deadline has passed."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return holds()


def is_running(pid: int) -> bool:
    """Whether a process is alive; one that merely was not waited for is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def descendants(pid: int) -> list[int]:
    """The pids of all children of a process, and of theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [one for child in children for one in (int(child), *descendants(int(child)))]


@dataclass(frozen=True)
class Up:
    """A running `up`."""

    process: subprocess.Popen[str]
    data: Path
    port: int

    @property
    def ready(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.data / "ready.json").read_text("utf-8"))
        return content

    def again(self, *options: str) -> tuple[int, str]:
        """Another `up` on the same data directory."""
        return run("manage.py", "up", "--data-dir", str(self.data), *options)


def bring_up(data: Path, *options: str) -> Up:
    """Starts one on a free port and waits until it is ready."""
    port = free_port()
    command = ("manage.py", "up", "--data-dir", str(data), "--port", str(port), *options)
    process = start(*command)
    ready = eventually(lambda: (data / "ready.json").exists() or process.poll() is not None)
    assert ready
    assert process.poll() is None, finish(process)
    return Up(process, data, port)
