"""A request whose head is sent now and whose body is sent later, over a socket of its own."""

import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

PATIENCE = 30.0


class HeldBack:
    """Sends the head at once; `send_body` sends the body and reads the answer."""

    def __init__(
        self, server: str, method: str, path: str, headers: Mapping[str, str], message: Any
    ) -> None:
        parts = urlsplit(server)
        assert parts.hostname
        self._body = json.dumps(message).encode()
        self._connection = HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        self._connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in {**headers, "Content-Length": str(len(self._body))}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def send_body(self) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        self._connection.send(self._body)
        return self.answer()

    def answer(self) -> tuple[int, Any]:
        """The same without sending anything more."""
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())


def all_received(server: str, sent: bytes) -> bytes:
    """Everything that comes back for these bytes until the server closes the connection."""
    parts = urlsplit(server)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as raw:
        raw.sendall(sent)
        found = b""
        while part := raw.recv(4096):
            found += part
        return found
