"""Under which account PostgreSQL runs, and what that account can reach."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from devtools.exit_codes import LaunchError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An unprivileged account that exists on this machine."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """None to run as ourselves; for root, whom PostgreSQL refuses, an existing other account."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LaunchError("PostgreSQL does not run as root; run this as an ordinary user")


def can_traverse(directory: Path, account: Account) -> bool:
    """Whether the account can enter `directory` from the root of the file system."""
    real = directory.resolve()
    return all(_searchable(part, account) for part in (real, *real.parents))


def _searchable(directory: Path, account: Account) -> bool:
    status = directory.stat()
    if status.st_uid == account.uid:
        needed = stat.S_IXUSR
    elif status.st_gid == account.gid:
        needed = stat.S_IXGRP
    else:
        needed = stat.S_IXOTH
    return bool(status.st_mode & needed)
