"""A page's WebSocket as a browser opens it: the session's cookie, and our own Origin."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.console.pages import signed_in
from tests.people import Somebody

DEADLINE = 30.0
LIVE = {"live": True}


class Page:
    """What an open page hears."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[dict[str, Any]] = []

    def listen(self, seconds: float) -> dict[str, Any] | None:
        """The next message, or None when there was none in this time."""
        try:
            message: dict[str, Any] = json.loads(self.connection.recv(timeout=seconds))
        except TimeoutError:
            return None
        self.heard.append(message)
        return message

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message that is wanted; others are kept in `heard`."""
        end = time.monotonic() + DEADLINE
        while (left := end - time.monotonic()) > 0:
            message = self.listen(left)
            if message is not None and wanted(message):
                return message
        raise AssertionError(f"not told within {DEADLINE} s; heard {self.heard}")

    def topic(self, name: str) -> dict[str, Any]:
        """The next message about a topic."""
        return self.wait_for(lambda message: message.get("topic") == name)

    def closed(self) -> int:
        """The code with which the server closes, by the deadline."""
        end = time.monotonic() + DEADLINE
        while (left := end - time.monotonic()) > 0:
            try:
                self.listen(left)
            except ConnectionClosed as over:
                assert over.rcvd is not None
                return int(over.rcvd.code)
        raise AssertionError("still open")


@contextmanager
def open_page(
    server: str, browser: Client, *, origin: str | None = None, path: str = "/ws/live/"
) -> Iterator[Page]:
    """A WebSocket with this browser's cookies, before it has heard anything."""
    kept = {name: one.value for name, one in browser.cookies.items()}
    with open_socket(server, kept, origin=origin or settings.PUBLIC_URL, path=path) as page:
        yield page


@contextmanager
def open_socket(
    server: str, kept: Mapping[str, str], *, origin: str, path: str = "/ws/live/"
) -> Iterator[Page]:
    """A WebSocket with these cookies."""
    cookies = "; ".join(f"{name}={value}" for name, value in kept.items())
    with connect(
        server.replace("http", "ws", 1) + path,
        origin=Origin(origin),
        additional_headers={"Cookie": cookies} if cookies else {},
        proxy=None,
        close_timeout=1,
    ) as connection:
        yield Page(connection)


@contextmanager
def live_page(server: str, who: Somebody, browser: Client | None = None) -> Iterator[Page]:
    """An open page of somebody who signed in, after its first message: it is live."""
    with open_page(server, browser or signed_in(who)) as page:
        page.wait_for(lambda message: message == LIVE)
        yield page
