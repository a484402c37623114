"""HTTP to the server: one client, and network failures as plain sentences."""

import logging
from typing import Any

import httpx2

from vaultctl import __version__
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit

# It logs the addresses of requests, and a value may be part of one.
logging.getLogger("httpx2").setLevel(logging.WARNING)

TIMEOUT = httpx2.Timeout(30, connect=10)
LONGEST_NAME = 80


def new_client(about: str) -> httpx2.Client:
    """A client that says `about` to the server: the command, and the program that it runs."""
    return httpx2.Client(
        timeout=TIMEOUT,
        follow_redirects=False,
        headers={"User-Agent": user_agent(about), "Accept": "application/json"},
    )


def user_agent(about: str) -> str:
    """What audit entries show as the client's own words."""
    safe = "".join(c if c.isascii() and c.isprintable() and c not in "()" else "?" for c in about)
    return f"vaultctl/{__version__} ({safe[:LONGEST_NAME]})"


def exchange(http: httpx2.Client, method: str, url: str, **parts: Any) -> httpx2.Response:
    """The answer to one request. Raises VaultctlError when the server cannot be reached."""
    try:
        return http.request(method, url, **parts)
    except httpx2.TimeoutException:
        raise VaultctlError("The server did not answer in time.", Exit.UNAVAILABLE) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise VaultctlError(
            f"The server cannot be reached ({type(error).__name__}).",
            Exit.UNAVAILABLE,
            hint="Is the address right? Run: vaultctl doctor",
        ) from None
