"""A person's tokens at rest: in the system's keyring, or in a file that only its owner can read."""

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from vaultctl.configuration import STORE, create_directory, directory, write_private
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit

SERVICE = "vaultctl"


@dataclass(frozen=True, slots=True)
class Session:
    """The tokens of one sign-in; `expires_at` is the access token's end as a Unix time."""

    access: str
    refresh: str
    expires_at: float
    scope: str

    def __repr__(self) -> str:
        return "Session(…)"


class Store(Protocol):
    """Where sessions are kept, by the server's address."""

    name: str

    def get(self, url: str) -> Session | None: ...

    def put(self, url: str, session: Session | None) -> None: ...


class FileStore:
    """A JSON file with mode 0600."""

    name = "file"

    def get(self, url: str) -> Session | None:
        return _session(self._all().get(url))

    def put(self, url: str, session: Session | None) -> None:
        known = self._all()
        known.pop(url, None)
        if session is not None:
            known[url] = asdict(session)
        write_private(create_directory() / "sessions.json", json.dumps(known))

    def _all(self) -> dict[str, Any]:
        try:
            found = json.loads((directory() / "sessions.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


class KeyringStore:
    """The system's keyring."""

    name = "keyring"

    def __init__(self, backend: Any) -> None:
        from keyring.errors import KeyringError

        self._backend = backend
        self._errors = (KeyringError, OSError, RuntimeError)

    def get(self, url: str) -> Session | None:
        try:
            text = self._backend.get_password(SERVICE, url)
            return _session(json.loads(text)) if text else None
        except ValueError:
            return None
        except self._errors as error:
            raise _unusable(error) from None

    def put(self, url: str, session: Session | None) -> None:
        try:
            if session is not None:
                self._backend.set_password(SERVICE, url, json.dumps(asdict(session)))
            elif self._backend.get_password(SERVICE, url):
                self._backend.delete_password(SERVICE, url)
        except self._errors as error:
            raise _unusable(error) from None


def open_store() -> Store:
    """The keyring where there is one, otherwise the file; VAULTCTL_STORE chooses."""
    chosen = os.environ.get(STORE, "")
    if chosen not in ("", "file", "keyring"):
        raise VaultctlError(f"{STORE} is `keyring` or `file`.", Exit.CONFIGURATION)
    if chosen == "file" or (not chosen and not _may_have_keyring()):
        return FileStore()
    backend = _keyring()
    if backend is not None:
        return KeyringStore(backend)
    if chosen == "keyring":
        raise VaultctlError("There is no keyring on this machine.", Exit.CONFIGURATION)
    return FileStore()


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Let one process at a time change sessions: a refresh token is used once."""
    with (create_directory() / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _may_have_keyring() -> bool:
    """On Linux a keyring is reached by D-Bus; looking for one takes a quarter of a second."""
    return sys.platform != "linux" or "DBUS_SESSION_BUS_ADDRESS" in os.environ


def _keyring() -> Any:
    import keyring
    from keyring.backends import fail

    backend = keyring.get_keyring()
    return None if isinstance(backend, fail.Keyring) or backend.priority <= 0 else backend


def _session(found: Any) -> Session | None:
    try:
        return Session(**found)
    except TypeError:
        return None


def _unusable(error: Exception) -> VaultctlError:
    return VaultctlError(
        f"The keyring does not work ({type(error).__name__}).",
        Exit.CONFIGURATION,
        hint=f"Unlock it, or set {STORE}=file.",
    )
