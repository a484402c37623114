"""The web process's HTTP protocol: uvicorn's, with a bound on connections and a deadline for the
head of each request.

Given to uvicorn as `--http vaultsite.http_protocol:DeadlineProtocol`. The deadline for the body is
set in `vaultsite.asgi`, which knows the kind of request.
"""

from asyncio import TimerHandle, Transport

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 5\r\n"
    b"connection: close\r\n\r\n"
)
LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class DeadlineProtocol(HttpToolsProtocol):
    """Closes a connection on which no complete head arrives in time.

    The time runs from the opening of the connection, and after an answer from the first byte that
    follows: of the next request, or of a body that is no longer read.
    """

    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        if len(self.connections) > settings.ENVIRONMENT.web_connections:
            self._answer(FULL)
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.get_protocol() is self and self._is_between_requests():
            self._expect_head()

    def on_headers_complete(self) -> None:
        """Called by the parser; also for an upgrade, which leaves this protocol."""
        self._stop_expecting()
        super().on_headers_complete()

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_head(self) -> None:
        if self._head_timer is None:
            seconds = settings.ENVIRONMENT.request_head_seconds
            self._head_timer = self.loop.call_later(seconds, self._answer, LATE)

    def _stop_expecting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _answer(self, refusal: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(refusal)
            self.transport.close()
