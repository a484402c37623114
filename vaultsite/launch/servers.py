"""The database and broker of a run: the caller's where given, private ones otherwise."""

import os
import shutil
from dataclasses import dataclass

from vaultsite.launch.accounts import server_account
from vaultsite.launch.datadir import DataDirectory
from vaultsite.launch.given import given, is_given
from vaultsite.launch.keys import APPLICATION_KEYS, make_once
from vaultsite.launch.place import find_place, outside_of
from vaultsite.launch.postgres import PostgresUrls, start_postgres
from vaultsite.launch.processes import Family
from vaultsite.launch.stopping import CannotContinue
from vaultsite.launch.valkey import start_valkey


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


def start_servers(family: Family, data: DataDirectory, *, throwaway: bool = False) -> Servers:
    """Starts what the environment does not give. Raises CannotContinue.

    No port is probed: a server that happens to run here belongs to somebody else.
    """
    database = given_database()
    if database is None:
        _forget_other_servers()
        place = find_place(data.path, server_account())
        database = start_postgres(family, data, place, throwaway=throwaway)
    make_once(data.keys, APPLICATION_KEYS)
    redis = given("REDIS_URL")
    return Servers(
        database_url=database.application,
        database_owner_url=database.owner,
        redis_url=redis or start_valkey(family, data),
    )


def _forget_other_servers() -> None:
    """libpq's own variables (PGSSLMODE, PGSERVICE ...) are meant for another server than ours."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def given_database() -> PostgresUrls | None:
    """The caller's database under both roles, or None.

    Raises CannotContinue for one role without the other.
    """
    names = ("DATABASE_URL", "DATABASE_OWNER_URL")
    absent = [name for name in names if not is_given(name)]
    if len(absent) == len(names):
        return None
    if absent:
        raise CannotContinue(
            f"VAULTSITE_{absent[0]} is needed too: the owner migrates, the application serves"
        )
    return PostgresUrls(application=given(names[0]) or "", owner=given(names[1]) or "")


def remove_data(data: DataDirectory) -> None:
    """Removes a throwaway data directory with its cluster, wherever that was put."""
    for directory in (outside_of(data.path), data.path):
        shutil.rmtree(directory, ignore_errors=True)
