"""HTTP/1.1 with the program that uses the proxy: h11 on a blocking socket."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import h11

CHUNK = 65536
IDLE_SECONDS = 600
LONGEST_HEAD = 131072
DRAINED = 4 * 1024 * 1024
Headers = list[tuple[str, str]]


class Closed(Exception):
    """The program closed the connection, or broke the protocol."""


class ProgramConnection:
    """One connection of the program."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        sock.settimeout(IDLE_SECONDS)

    def next_request(self) -> h11.Request | None:
        """The head of the next request; None when there is none."""
        if self._protocol.our_state is h11.DONE:
            if self._protocol.their_state is not h11.DONE:
                return None
            self._protocol.start_next_cycle()
        try:
            event = self._next_event()
        except Closed:
            return None
        return event if isinstance(event, h11.Request) else None

    def body(self) -> Iterator[bytes]:
        """The body of the present request, as it arrives."""
        while True:
            event = self._next_event()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise Closed

    def send(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        """Send a part of the answer."""
        try:
            data = self._protocol.send(event)
            if data:
                self.sock.sendall(data)
        except (OSError, h11.LocalProtocolError):
            raise Closed from None

    def answer(self, status: int, headers: Headers, body: bytes, *, is_head: bool = False) -> None:
        """Send a whole answer."""
        length = [] if status in (204, 304) else [("Content-Length", str(len(body)))]
        self.send(h11.Response(status_code=status, headers=[*headers, *length]))
        if body and not is_head:
            self.send(h11.Data(data=body))
        self.send(h11.EndOfMessage())

    def refuse(self, status: int, reason: str, headers: Headers | None = None) -> None:
        """Answer in the place of the host, and close; the program shows the reason."""
        body = json.dumps({"error": {"type": "vaultctl", "message": f"vaultctl: {reason}"}})
        self._drain()
        fixed = [
            ("Content-Type", "application/json"),
            ("X-Vaultctl-Refused", "1"),
            ("Connection", "close"),
        ]
        self.answer(status, [*fixed, *(headers or [])], body.encode())

    def _drain(self) -> None:
        """Read the rest of a body of usual size: closing on it would reset the connection, and the
        program would not see the reason.
        """
        waits = self._protocol.they_are_waiting_for_100_continue
        if waits or self._protocol.their_state is not h11.SEND_BODY:
            return
        read = 0
        for part in self.body():
            read += len(part)
            if read > DRAINED:
                return

    def leave_http(self) -> bytes:
        """Accept a CONNECT; answers what the program sent ahead."""
        self.send(h11.Response(status_code=200, headers=[]))
        data, _ = self._protocol.trailing_data
        return bytes(data)

    def rest(self) -> bytes:
        """What was received and not read yet."""
        return bytes(self._protocol.trailing_data[0])

    def _next_event(self) -> Any:
        try:
            while True:
                event = self._protocol.next_event()
                if event is not h11.NEED_DATA:
                    break
                if self._protocol.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    self.sock.sendall(self._protocol.send(go_on) or b"")
                self._protocol.receive_data(self.sock.recv(CHUNK))
        except (OSError, h11.ProtocolError):
            raise Closed from None
        if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise Closed
        return event


def headers_of(request: h11.Request) -> Headers:
    """The headers with their names as they were sent."""
    return [
        (name.decode("latin-1"), text.decode("latin-1"))
        for name, text in request.headers.raw_items()
    ]
