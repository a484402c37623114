"""Key files of an installation: made once, 0600, never overwritten."""

import os
import secrets
from pathlib import Path

from devtools.exit_codes import LaunchError

APPLICATION_KEYS = ("secret_key", "root_key", "handle_key", "audit_key")
DATABASE_PASSWORDS = ("postgres_superuser", "postgres_owner", "postgres_application")
RANDOM_BYTES = 32
# Django's deployment check wants 50 characters for its own key.
LONGER = {"secret_key": 48}


def make_once(directory: Path, names: tuple[str, ...]) -> None:
    """Makes the key files that are missing: random bytes as base64url text."""
    for name in names:
        _make(directory / name)


def read_key(directory: Path, name: str) -> str:
    """The text of one key file. Raises LaunchError when it is gone or empty."""
    try:
        text = (directory / name).read_text(encoding="ascii").strip()
    except OSError as error:
        raise LaunchError(f"cannot read the key file {name}: {error.strerror}") from None
    if not text:
        raise LaunchError(f"the key file {name} is empty; put the backup of it back")
    return text


def missing(directory: Path, names: tuple[str, ...]) -> list[str]:
    """The names of the key files that do not exist."""
    return [name for name in names if not (directory / name).exists()]


def _make(path: Path) -> None:
    """Links a finished draft to its name, which fails, and thereby keeps, an existing file."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(LONGER.get(path.name, RANDOM_BYTES)) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
