"""The application's programs on given servers: migrate, demo, web, worker and beat."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from devtools.bootstrap import ROOT
from devtools.data_directory import DataDirectory
from devtools.key_files import APPLICATION_KEYS
from devtools.processes import ProcessGroup, Program
from devtools.ready_file import Demo, RunningInstallation, read_demo
from devtools.servers import Servers
from devtools.settings_env import require_complete, setting


@dataclass(frozen=True)
class Installation:
    """One data directory's application on its servers."""

    data: DataDirectory
    servers: Servers
    port: int

    @property
    def public_url(self) -> str:
        """The base of all addresses; `localhost`, as agents register it."""
        return (setting("PUBLIC_URL") or f"http://localhost:{self.port}").rstrip("/")

    def migrate(self, family: ProcessGroup) -> None:
        """Brings the schema up to date, as the owner. Raises LaunchError."""
        arguments = ("migrate", "--database", "owner", "--no-input")
        environment = self._surroundings(as_owner=True)
        family.run(_python("migrate", environment, "manage.py", *arguments))

    def seed(self, family: ProcessGroup) -> None:
        """Creates the demo data, once, as the application. Raises LaunchError."""
        arguments = ("demo", "--people-file", str(self.data.people))
        family.run(_python("demo", self._surroundings(), "manage.py", *arguments))

    def offer_setup(self, family: ProcessGroup) -> None:
        """Writes the link to set a fresh installation up, for `up` to show."""
        arguments = ("setup_link", "--to", str(self.data.setup_link))
        family.run(_python("setup", self._surroundings(), "manage.py", *arguments))

    def start(self, family: ProcessGroup, sockets: list[socket.socket]) -> None:
        """Starts web, worker and beat; the web process inherits the sockets."""
        environment = self._surroundings()
        for program in (self._web(environment, sockets), *self._celery(environment)):
            family.start(program)
        for listener in sockets:
            listener.close()

    def describe(self, *, demo: bool) -> RunningInstallation:
        """The content of ready.json."""
        return RunningInstallation(
            public_url=self.public_url,
            mcp_url=f"{self.public_url}/api/mcp",
            pid=os.getpid(),
            database_url=self.servers.database_url,
            database_owner_url=self.servers.database_owner_url,
            redis_url=self.servers.redis_url,
            demo=read_demo(self.data.people) if demo else Demo(),
        )

    def _surroundings(self, *, as_owner: bool = False) -> dict[str, str]:
        """The environment of a program; only `migrate` gets the owner's URL."""
        settings = {"PUBLIC_URL": self.public_url, "DEVELOPMENT": "true"}
        settings |= key_files(self.data) | self.servers.settings()
        environment = require_complete(settings)
        if not as_owner:
            for form in ("VAULTSITE_DATABASE_OWNER_URL", "VAULTSITE_DATABASE_OWNER_URL_FILE"):
                environment.pop(form, None)
        return environment

    def _web(self, environment: Mapping[str, str], sockets: list[socket.socket]) -> Program:
        descriptors = tuple(listener.fileno() for listener in sockets)
        return Program(
            name="web",
            arguments=[sys.executable, "-m", "devtools.web", *map(str, descriptors)],
            environment=environment,
            descriptors=descriptors,
            directory=ROOT,
        )

    def _celery(self, environment: Mapping[str, str]) -> tuple[Program, Program]:
        celery = ("-m", "celery", "-A")
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        schedule = f"--schedule={self.data.run / 'beat-schedule'}"
        return (
            _python("worker", environment, *celery, "vaultsite.celery", "worker", *quiet),
            _python("beat", environment, *celery, "vaultsite.beat", "beat", schedule, "--pidfile="),
        )


def key_files(data: DataDirectory) -> dict[str, str]:
    """The settings that point to the data directory's key files."""
    return {f"{name.upper()}_FILE": str(data.keys / name) for name in APPLICATION_KEYS}


def _python(name: str, environment: Mapping[str, str], *arguments: str) -> Program:
    return Program(
        name=name,
        arguments=[sys.executable, *arguments],
        environment=environment,
        directory=ROOT,
    )
