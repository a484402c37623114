"""A whole HTTP exchange with a server that a tenant's policy names: any method, headers, a body.

The same guard as for `call`: no database connection is held, one deadline for everything, the
name resolved once and the connection pinned to the checked addresses, no redirect followed, no
proxy used. The answer comes as a stream, decompressed, and ends at a limit.
"""

import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import httpcore2
from django.conf import settings

from foundation.outgoing.calls import (
    failures_as_call_failed,
    release_connections,
    require_no_transaction,
)
from foundation.outgoing.deadline import Deadline, PinnedBackend
from foundation.outgoing.destinations import resolve_destination
from foundation.outgoing.errors import CallFailed, NotAllowed

MOST_BYTES = 1024 * 1024
# zlib's window bits: a gzip or a zlib header (RFC 1952, RFC 1950).
_ANY_HEADER = zlib.MAX_WBITS | 32
_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request; `path` includes the query. It may contain a secret, so it is never printed."""

    method: str
    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class StreamedAnswer:
    """What came back. `truncated` is known when `chunks` are read: the limit or the deadline cut
    the body off.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: Iterator[bytes]
    truncated: bool = False


@contextmanager
def exchange(request: Outgoing, *, trusted: bool) -> Iterator[StreamedAnswer]:
    """Send the request; the block reads the answer. `trusted`: the operator lists the host, so its
    addresses may be private.

    Raises NotAllowed and CallFailed; RuntimeError inside a transaction. The caller holds a slot.
    """
    require_no_transaction()
    release_connections()
    deadline = Deadline(settings.ENVIRONMENT.use_seconds)
    if not trusted and request.host == settings.ENVIRONMENT.host:
        raise NotAllowed("The address is not allowed.")
    with failures_as_call_failed():
        found = resolve_destination(request.host, request.port, deadline, trusted=trusted)
        backend = PinnedBackend(found.addresses, found.port, deadline)
        with (
            httpcore2.ConnectionPool(_tls(), max_connections=1, network_backend=backend) as pool,
            pool.stream(
                request.method,
                _url(request),
                headers=[*request.headers, *_own_headers(request)],
                content=request.body,
            ) as response,
        ):
            yield _streamed(response)


def _own_headers(request: Outgoing) -> list[tuple[str, str]]:
    given = {name.lower() for name, _ in request.headers}
    agent = [] if "user-agent" in given else [("User-Agent", "Vault")]
    return [*agent, ("Accept-Encoding", "identity"), ("Connection", "close")]


def _url(request: Outgoing) -> httpcore2.URL:
    return httpcore2.URL(
        scheme=request.scheme, host=request.host, port=request.port, target=request.path
    )


def _streamed(response: httpcore2.Response) -> StreamedAnswer:
    headers = tuple(
        (name.decode("latin-1"), text.decode("latin-1")) for name, text in response.headers
    )
    codings = [text.strip().lower() for name, text in headers if name.lower() == "content-encoding"]
    coding = ",".join(codings)
    answer = StreamedAnswer(response.status, headers, iter(()))
    answer.chunks = _limited(answer, _decoded(response.iter_stream(), coding))
    return answer


def _limited(answer: StreamedAnswer, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """At most MOST_BYTES. A body that stops halfway ends here too: what has come is an answer."""
    left = MOST_BYTES
    try:
        for chunk in chunks:
            if len(chunk) > left:
                answer.truncated = True
                yield chunk[:left]
                return
            left -= len(chunk)
            yield chunk
    except (TimeoutError, httpcore2.TimeoutException, httpcore2.NetworkError):
        answer.truncated = True
    except httpcore2.RemoteProtocolError:  # closed before its announced length
        answer.truncated = True


def _decoded(chunks: Iterator[bytes], coding: str) -> Iterator[bytes]:
    """The body without its content coding; CallFailed for one that is not decoded here.

    Nothing compressed was asked for, and what is compressed cannot be searched for secrets.
    """
    if coding in ("", "identity"):
        yield from chunks
        return
    if coding not in _CODINGS:
        raise CallFailed("The answer has a coding that is not accepted.")
    decoder = zlib.decompressobj(_ANY_HEADER)
    try:
        for chunk in chunks:
            data = chunk
            while data and not decoder.eof:
                yield decoder.decompress(data, MOST_BYTES)
                data = decoder.unconsumed_tail
    except zlib.error:
        raise CallFailed("The answer cannot be decompressed.") from None


@cache
def _tls() -> ssl.SSLContext:
    """The system's certificate authorities, and those that the operator adds."""
    context = httpcore2.default_ssl_context(_trust_env=False)
    if settings.ENVIRONMENT.destination_ca is not None:
        context.load_verify_locations(cadata=settings.ENVIRONMENT.destination_ca)
    return context
