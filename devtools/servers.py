"""The database and broker of a run: those in the environment, or private ones."""

import os
import shutil
from dataclasses import dataclass

from devtools.cluster_directory import find_cluster_directory, outside_of
from devtools.data_directory import DataDirectory
from devtools.exit_codes import LaunchError
from devtools.key_files import APPLICATION_KEYS, make_once
from devtools.os_accounts import server_account
from devtools.postgres import PostgresUrls, start_postgres
from devtools.processes import ProcessGroup
from devtools.settings_env import has_setting, setting
from devtools.valkey import start_valkey


@dataclass(frozen=True)
class Servers:
    """How to reach what a run stores in."""

    database_url: str
    database_owner_url: str
    redis_url: str

    def settings(self) -> dict[str, str]:
        """The settings that make the application use them."""
        return {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.database_owner_url,
            "REDIS_URL": self.redis_url,
        }


def start_servers(family: ProcessGroup, data: DataDirectory, *, throwaway: bool = False) -> Servers:
    """Starts the servers that the environment does not name. Raises LaunchError.

    No port is probed: a server that already runs here belongs to somebody else.
    """
    database = given_database()
    if database is None:
        _forget_other_servers()
        place = find_cluster_directory(data.path, server_account())
        database = start_postgres(family, data, place, throwaway=throwaway)
    make_once(data.keys, APPLICATION_KEYS)
    redis = setting("REDIS_URL")
    return Servers(
        database_url=database.application,
        database_owner_url=database.owner,
        redis_url=redis or start_valkey(family, data),
    )


def _forget_other_servers() -> None:
    """libpq's own variables (PGSSLMODE, PGSERVICE ...) are for other servers."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def given_database() -> PostgresUrls | None:
    """The caller's database under both roles, or None.

    Raises LaunchError for one role without the other.
    """
    names = ("DATABASE_URL", "DATABASE_OWNER_URL")
    absent = [name for name in names if not has_setting(name)]
    if len(absent) == len(names):
        return None
    if absent:
        raise LaunchError(
            f"VAULTSITE_{absent[0]} is needed too: the owner migrates, the application serves"
        )
    return PostgresUrls(application=setting(names[0]) or "", owner=setting(names[1]) or "")


def remove_data(data: DataDirectory) -> None:
    """Removes a throwaway data directory and its cluster."""
    for directory in (outside_of(data.path), data.path):
        shutil.rmtree(directory, ignore_errors=True)
