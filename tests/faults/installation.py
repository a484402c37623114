"""A whole installation as `up` starts it, and its processes, to take away one after the other."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.client.agent import Agent
from devtools.data_directory import DataDirectory
from devtools.installation import key_files
from devtools.ready_file import Person
from tests.environment import free_port

DEADLINE = 150.0
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Installation:
    """What `ready.json` says of a running one."""

    ready: dict[str, Any]
    data: Path

    def person(self, role: str, tenant: str = "acme") -> Person:
        """A demo person."""
        return next(
            Person(**one)
            for one in self.ready["people"]
            if one["role"] == role and one["tenant"] == tenant
        )

    def agent(self) -> Agent:
        """An agent that has not connected yet."""
        return Agent(self.ready["publicUrl"], self.ready["mcpUrl"])

    def check_invariants(self) -> None:
        """What must hold of the stored rows still holds; ends with what does not."""
        given = {
            "PUBLIC_URL": self.ready["publicUrl"],
            "DATABASE_URL": self.ready["databaseUrl"],
            "REDIS_URL": self.ready["redisUrl"],
            "DEVELOPMENT": "true",
            **key_files(DataDirectory(self.data)),
        }
        ended = subprocess.run(
            [sys.executable, "manage.py", "check_invariants"],
            cwd=PROJECT,
            env=_without_settings() | {f"VAULTSITE_{name}": text for name, text in given.items()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    @contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """Freeze every process whose command line holds one of `names`, as a hang would."""
        processes = [
            process
            for process in _descendants(self.ready["pid"])
            if any(name in _command(process) for name in names)
        ]
        assert len(processes) >= len(names), f"not all of {names} are running"
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)


@contextmanager
def running_installation(data: Path) -> Iterator[Installation]:
    """Start `up` on its own servers in `data`, and stop it when the block is left."""
    port = str(free_port())
    command = [sys.executable, "manage.py", "up", "--data-dir", str(data), "--port", port]
    with (data.parent / "up.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=_without_settings(), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, data)
        yield Installation(json.loads((data / "ready.json").read_text()), data)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _without_settings() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("VAULTSITE_")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    return kept


def _wait(process: subprocess.Popen[bytes], data: Path) -> None:
    end = time.monotonic() + DEADLINE
    while not (data / "ready.json").exists():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError((data.parent / "up.log").read_text())
        time.sleep(0.1)


def _descendants(ancestor: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")")[-1].split()[1]
                )
            except (OSError, IndexError):
                continue
    found = {ancestor}
    while True:
        more = {one for one, parent in parents.items() if parent in found} - found
        if not more:
            return sorted(found - {ancestor})
        found |= more


def _command(process: int) -> str:
    try:
        return (Path("/proc") / str(process) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
