"""A deadline for a whole call: what drips in does not extend it."""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore2


class Deadline:
    """A moment of this process's monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left; TimeoutError when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class PinnedBackend(httpcore2.SyncBackend):
    """Connects to the given addresses and port, whatever the URL is taken to say; everything ends
    with the deadline.

    TLS still goes by the name: server name indication and the certificate.
    """

    def __init__(self, addresses: tuple[str, ...], port: int, deadline: Deadline) -> None:
        self._addresses = addresses
        self._port = port
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  # resolved and checked before
        port: int,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002  # the deadline stands for it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        *further, last = self._addresses
        for address in further:
            try:
                return self._connected(address, local_address, socket_options)
            except httpcore2.ConnectError:
                continue
        return self._connected(last, local_address, socket_options)

    def _connected(
        self,
        address: str,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left()
        stream = super().connect_tcp(address, self._port, left, local_address, socket_options)
        return _TimedStream(stream, self._deadline)


class _TimedStream(httpcore2.NetworkStream):
    """A stream each of whose steps has the time that is left of the whole."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
