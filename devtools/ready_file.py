"""`ready.json`: how scripts and tests find a running installation and its demo people."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from devtools.data_directory import DataDirectory, write_private
from devtools.exit_codes import LaunchError


@dataclass(frozen=True)
class Person:
    """A demo person, able to sign in."""

    email: str
    password: str
    role: str
    tenant: str


@dataclass(frozen=True)
class Demo:
    """The demo data: its people, and the keys of its credentials."""

    people: list[Person] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)

    def owner(self) -> Person | None:
        """The first tenant's owner."""
        return next((person for person in self.people if person.role == "owner"), None)


@dataclass(frozen=True)
class RunningInstallation:
    """A running installation."""

    public_url: str
    mcp_url: str
    pid: int
    database_url: str
    database_owner_url: str
    redis_url: str
    demo: Demo


def write_ready(data: DataDirectory, running: RunningInstallation) -> None:
    """Writes ready.json, 0600, in one step."""
    content = {
        "publicUrl": running.public_url,
        "mcpUrl": running.mcp_url,
        "pid": running.pid,
        "databaseUrl": running.database_url,
        "databaseOwnerUrl": running.database_owner_url,
        "redisUrl": running.redis_url,
        **asdict(running.demo),
    }
    write_private(data.ready, json.dumps(content, indent=2) + "\n")


def read_ready(data: DataDirectory) -> RunningInstallation | None:
    """The content of ready.json, or None while nothing is ready."""
    content = _read(data.ready)
    if content is None:
        return None
    return RunningInstallation(
        public_url=content["publicUrl"],
        mcp_url=content["mcpUrl"],
        pid=content["pid"],
        database_url=content["databaseUrl"],
        database_owner_url=content["databaseOwnerUrl"],
        redis_url=content["redisUrl"],
        demo=_demo(content),
    )


def read_demo(path: Path) -> Demo:
    """What the `demo` command wrote: `people` and `credentials`. Raises LaunchError."""
    content = _read(path)
    if content is None:
        raise LaunchError("the demo data was not written")
    return _demo(content)


def _demo(content: dict[str, Any]) -> Demo:
    people = [Person(**person) for person in content["people"]]
    return Demo(people=people, credentials=list(content["credentials"]))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content
