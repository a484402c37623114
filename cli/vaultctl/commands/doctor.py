"""doctor: what is there, what is missing, and what to do about it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

from vaultctl import __version__, oauth, sessions
from vaultctl.application import Application, command
from vaultctl.configuration import directory
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.transport import new_client

Check = tuple[str, bool | None, str]
MARKS = {True: "ok", False: "problem", None: "note"}


@command("doctor", short_help="Check the installation, the sign-in and the server.")
def doctor(app: Application) -> int:
    """Check the installation, the sign-in and the server; ends with 1 when there is a problem."""
    checks = list(_checks(app))
    data = [{"check": name, "ok": found, "detail": detail} for name, found, detail in checks]
    app.show(
        {"checks": data},
        lambda: "\n".join(f"{MARKS[found]:8} {name}: {detail}" for name, found, detail in checks),
    )
    return Exit.FAILED if any(found is False for _, found, _ in checks) else Exit.OK


def _checks(app: Application) -> Iterator[Check]:
    yield "vaultctl", True, f"{__version__}, Python {sys.version.split()[0]}"
    yield _tried("settings", lambda: app.url)
    yield _tried("sign-in is kept in", _place)
    yield _tried("server", lambda: _server(app))
    yield _tried("signed in", lambda: _signed_in(app))
    yield _program("claude", "for `vaultctl run -- claude`")
    sandbox = "Claude Code's sandbox is added where it is"
    yield _program("bwrap", f"bubblewrap: {sandbox}")
    yield _program("socat", sandbox)


def _tried(name: str, check: Callable[[], str]) -> Check:
    try:
        return name, True, check()
    except VaultctlError as error:
        return name, False, f"{error.message} {error.hint}".strip()


def _place() -> str:
    store = sessions.open_store()
    if store.name == "keyring":
        return "the system's keyring"
    return f"{directory() / 'sessions.json'} (mode 0600)"


def _server(app: Application) -> str:
    with new_client("doctor") as http:
        found: dict[str, Any] = oauth.metadata(http, app.url)
    return str(found["issuer"])


def _signed_in(app: Application) -> str:
    app.api().get("credentials", limit=1)
    return "yes"


def _program(name: str, what: str) -> Check:
    found = shutil.which(name)
    return name, True if found else None, found or f"not found; {what}"
