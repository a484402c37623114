"""The data directory of one installation: readable by its owner only, used by one run at a time."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.exit_codes import LaunchError

PRIVATE = 0o700
PASSABLE = 0o711


@dataclass(frozen=True)
class DataDirectory:
    """The places below one data directory."""

    path: Path

    @property
    def keys(self) -> Path:
        """Key and password files, one line each."""
        return self.path / "keys"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.path / "log"

    @property
    def run(self) -> Path:
        """What running processes keep."""
        return self.path / "run"

    @property
    def ready(self) -> Path:
        """What scripts read to find the running installation."""
        return self.path / "ready.json"

    @property
    def people(self) -> Path:
        """The demo people and their passwords."""
        return self.keys / "people.json"

    @property
    def setup_link(self) -> Path:
        """The link by which a fresh installation is set up; missing once it is."""
        return self.run / "setup-link"


def open_directory(path: Path) -> DataDirectory:
    """The data directory at `path`, made when missing. Raises LaunchError."""
    data = DataDirectory(path.absolute())
    try:
        # Root's PostgreSQL runs under another account, which has to pass through to its own part.
        _make(data.path, PASSABLE if os.geteuid() == 0 else PRIVATE)
        for part in (data.keys, data.logs, data.run):
            _make(part, PRIVATE)
    except OSError as error:
        raise LaunchError(
            f"cannot use the data directory {path}: {error.strerror}; "
            "choose another with --data-dir DIR"
        ) from None
    _require_ours(data.path)
    return data


def _make(path: Path, mode: int) -> None:
    """Makes a directory and its missing parents with exactly this mode; others keep theirs."""
    for missing in reversed([part for part in (path, *path.parents) if not part.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(mode)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def _require_ours(path: Path) -> None:
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise LaunchError(
            f"the data directory {path} belongs to another account; "
            "run as that account or choose another with --data-dir DIR"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise LaunchError(f"others may write to the data directory {path}; `chmod go-w` it first")


@contextlib.contextmanager
def lock_directory(data: DataDirectory) -> Iterator[bool]:
    """Locks the directory for this process; yields False when another process has it."""
    lock = os.open(data.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _took(lock)
    finally:
        os.close(lock)


def _took(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step by one that only its owner can read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
