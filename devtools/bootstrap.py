"""Makes `.venv` from the locked requirements with the standard library alone, and enters it."""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from devtools.installer import InstallError, install

ROOT = Path(__file__).resolve().parents[1]
# What each command needs, each installed on top of the one before. Production installs the first.
LOCKS = {
    "up": ("requirements.lock", "requirements-up.lock"),
    "verify": ("requirements.lock", "requirements-up.lock", "requirements-verify.lock"),
}


class BootstrapError(Exception):
    """Why there is no environment to run in, in one plain line with a next step."""


@dataclass(frozen=True)
class Environment:
    """The checkout's virtual environment, complete only when it carries the stamp of its locks, or
    of those of a command that needs more.
    """

    root: Path
    purpose: str = "up"

    @property
    def directory(self) -> Path:
        """Where the environment lives."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.directory / "bin" / "python"

    @property
    def locks(self) -> list[Path]:
        """The pinned and hashed requirements."""
        return [self.root / name for name in LOCKS[self.purpose]]

    def fingerprint(self) -> str:
        """What the environment depends on: locks, interpreter, machine and its own place."""
        parts = (sys.version, platform.machine(), sys.platform, str(self.directory))
        locks = (hashlib.sha256(lock.read_bytes()).hexdigest() for lock in self.locks)
        return hashlib.sha256("\0".join((*locks, *parts)).encode()).hexdigest()

    def is_complete(self) -> bool:
        """Whether an installation of at least these locks was finished here."""
        return any(
            self._is_stamped(replace(self, purpose=purpose))
            for purpose, locks in LOCKS.items()
            if set(LOCKS[self.purpose]) <= set(locks)
        )

    def missing_locks(self) -> list[Path]:
        """The locks to install: all, or those that a smaller complete environment lacks, so that a
        running `up` keeps its environment when `verify` adds to it.
        """
        for purpose, locks in LOCKS.items():
            smaller = replace(self, purpose=purpose)
            if set(locks) < set(LOCKS[self.purpose]) and self._is_stamped(smaller):
                return [lock for lock in self.locks if lock not in smaller.locks]
        return self.locks

    def _is_stamped(self, environment: "Environment") -> bool:
        try:
            return self._stamp.read_text(encoding="ascii").strip() == environment.fingerprint()
        except (OSError, ValueError):
            return False

    def is_entered(self) -> bool:
        """Whether this process runs inside it."""
        return Path(sys.prefix).resolve() == self.directory.resolve()

    def mark_complete(self) -> None:
        """Writes the stamp in one step, after everything else."""
        draft = self._stamp.with_suffix(".new")
        draft.write_text(self.fingerprint() + "\n", encoding="ascii")
        draft.replace(self._stamp)

    @property
    def _stamp(self) -> Path:
        return self.directory / "vault.stamp"


def enter_or_stop(arguments: list[str], root: Path = ROOT, purpose: str = "up") -> None:
    """Returns inside a complete environment, or ends the process with one plain line."""
    try:
        enter(Environment(root, purpose), arguments)
    except (BootstrapError, InstallError) as error:
        sys.exit(f"vault: {error}")
    except KeyboardInterrupt:
        sys.exit("vault: interrupted while setting up .venv; the next run starts it anew")


def find_django_or_stop(arguments: list[str], root: Path = ROOT) -> None:
    """Returns where Django can be imported, moving into `.venv` when only that one has it."""
    if importlib.util.find_spec("django") is not None:
        return
    environment = Environment(root)
    if environment.is_entered() or not environment.python.exists():
        sys.exit("vault: Django is not installed; run `python3 manage.py up` first")
    _continue_inside(environment, arguments)


def enter(environment: Environment, arguments: list[str]) -> None:
    """Makes the environment when it is missing or out of date, then continues inside it."""
    built = False
    if not environment.is_complete():
        built = build(environment)
    if built or not environment.is_entered():
        _continue_inside(environment, arguments)


def build(environment: Environment) -> bool:
    """Installs the locks; of several first runs one installs and the others wait for it."""
    _require_tools()
    with _only_builder(environment) as lock:
        if not environment.is_complete():
            locks = environment.missing_locks()
            if locks == environment.locks:
                _remove(environment.directory)
            install(environment.directory, environment.python, locks, lock)
            environment.mark_complete()
    return True


def _require_tools() -> None:
    if importlib.util.find_spec("ensurepip") is None and shutil.which("uv") is None:
        raise BootstrapError("Python's venv module is incomplete here; `apt install python3-venv`")


@contextlib.contextmanager
def _only_builder(environment: Environment) -> Iterator[int]:
    """Locks the checkout's directory; the installer inherits the lock, so none is left unseen."""
    try:
        lock = os.open(environment.root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BootstrapError(f"cannot open the checkout: {error.strerror}") from None
    try:
        _wait_for(lock)
        yield lock
    finally:
        os.close(lock)


def _wait_for(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("==> another run is setting up .venv; waiting for it ...", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def _remove(directory: Path) -> None:
    try:
        if directory.is_symlink():
            directory.unlink()
        elif directory.exists():
            shutil.rmtree(directory)
    except OSError as error:
        raise BootstrapError(
            f"cannot replace .venv: {error.strerror}; remove it and try again"
        ) from None


def _continue_inside(environment: Environment, arguments: list[str]) -> None:
    os.environ.pop("PYTHONHOME", None)
    sys.stdout.flush()
    python = str(environment.python)
    os.execv(python, [python, *arguments])  # noqa: S606 - no shell is wanted
