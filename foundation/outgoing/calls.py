"""One HTTP call to a server that somebody else chose.

A stranger may control how long it takes. So it holds no database connection, has one deadline for
everything from the name's resolution to the last byte, a limit of bytes, and one of a few slots.
No redirect is followed, no proxy is used, and nothing is decompressed.
"""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import httpcore2
from django.db import connections

from foundation.outgoing.deadline import Deadline, PinnedBackend
from foundation.outgoing.destinations import Destination, find_destination
from foundation.outgoing.errors import CallFailed
from foundation.outgoing.slots import slots

SECONDS = 5.0
MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, redirects and refusals included; the names of headers in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def call(
    method: str,
    url: str,
    *,
    tenant: str,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> Answer:
    """Call `url` on behalf of a tenant, whose calls are counted under the name `tenant`.

    Raises NotAllowed, CallFailed, and Unavailable when too many calls are under way. RuntimeError
    inside a transaction: its connection and its locks would be held over the call.
    """
    require_no_transaction()
    with slots.taken(tenant):
        release_connections()
        deadline = Deadline(SECONDS)
        destination = find_destination(url, deadline)
        given = {"Accept-Encoding": "identity", "Connection": "close", **(headers or {})}
        with failures_as_call_failed():
            return _answer(destination, deadline, (method, url, given, content))


_Sent = tuple[str, str, Mapping[str, str], bytes]


def _answer(destination: Destination, deadline: Deadline, sent: _Sent) -> Answer:
    method, url, headers, content = sent
    backend = PinnedBackend(destination.addresses, destination.port, deadline)
    with (
        httpcore2.ConnectionPool(_tls(), max_connections=1, network_backend=backend) as pool,
        pool.stream(method, url, headers=list(headers.items()), content=content) as response,
    ):
        found = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        return Answer(response.status, _read(response.iter_stream()), found)


def _read(parts: Iterable[bytes]) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > MOST_BYTES:
            raise CallFailed("The answer is too large.")
    return bytes(body)


@contextmanager
def failures_as_call_failed() -> Iterator[None]:
    """CallFailed for whatever goes wrong on the way to the server and back; no detail is kept."""
    try:
        yield
    except (
        TimeoutError,
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.UnsupportedProtocol,
        ValueError,  # a name that TLS cannot ask for
    ):
        raise CallFailed("The server does not answer.") from None


def require_no_transaction() -> None:
    """RuntimeError inside a transaction."""
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        raise RuntimeError("a call to another server inside a transaction")


def release_connections() -> None:
    """Give this thread's pooled connections back; the next query takes one again."""
    for one in connections.all(initialized_only=True):
        one.close()


@cache
def _tls() -> ssl.SSLContext:
    """The system's certificate authorities. The environment of the process changes nothing."""
    return httpcore2.default_ssl_context(_trust_env=False)
