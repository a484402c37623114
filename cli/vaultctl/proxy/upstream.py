"""Requests to the hosts that have rules: over verified TLS, answers streamed without secrets."""

import ssl
from collections.abc import Iterator

import h11
import httpx2

from disclosure.destinations import Target
from disclosure.header_rules import DROPPED_FROM_ANSWERS
from disclosure.redaction import Redactor
from vaultctl.proxy.authority import private_authorities
from vaultctl.proxy.connection import Closed, Headers, ProgramConnection

TIMEOUT = httpx2.Timeout(600, connect=20)
LIMITS = httpx2.Limits(max_connections=200, max_keepalive_connections=20)
# Besides those that every redacted answer loses: ways around the proxy, and parts of an answer.
_DROPPED = DROPPED_FROM_ANSWERS | {"alt-svc", "accept-ranges", "content-range"}
_CODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_NO_BODY = frozenset({204, 304})


class _Body(httpx2.SyncByteStream):
    """The program's body on its way; `stream=` adds no headers to a request."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts


class Upstream:
    """The way to hosts with rules. Certificates are checked as they would be without the proxy."""

    def __init__(self, environment: dict[str, str], redactor: Redactor) -> None:
        context = ssl.create_default_context()
        authorities = private_authorities(environment)
        if authorities:
            context.load_verify_locations(cadata=authorities)
        self._http = httpx2.Client(
            verify=context, timeout=TIMEOUT, limits=LIMITS, follow_redirects=False
        )
        self._redactor = redactor

    def exchange(
        self, program: ProgramConnection, method: str, target: Target, headers: Headers
    ) -> None:
        """Send the request with the program's body and stream the answer to the program."""
        request = httpx2.Request(
            method,
            target.url,
            headers=[("Host", _authority(target)), *headers, ("Accept-Encoding", "identity")],
            stream=_Body(program.body()),
            extensions={"target": target.rest.encode()},
        )
        try:
            response = self._http.send(request, stream=True, auth=None)
        except httpx2.TimeoutException:
            program.refuse(504, f"{target.host} did not answer in time.")
            return
        except (httpx2.HTTPError, ssl.SSLError, OSError) as error:
            program.refuse(502, f"{target.host} cannot be reached securely ({_kind(error)}).")
            return
        try:
            self._answer(program, response, is_head=method == "HEAD")
        finally:
            response.close()

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    def _answer(
        self, program: ProgramConnection, response: httpx2.Response, *, is_head: bool
    ) -> None:
        codings = response.headers.get("content-encoding", "").split(",")
        if any(coding.strip().lower() not in _CODINGS for coding in codings):
            program.refuse(502, "The answer has a coding that cannot be checked for secrets.")
            return
        given = [(name, text) for name, text in _pairs(response) if name.lower() not in _DROPPED]
        headers, _ = self._redactor.redact_headers(given)
        if is_head or response.status_code in _NO_BODY:
            length = response.headers.get("content-length", "")
            headers += [("Content-Length", length)] if is_head and length.isdigit() else []
            program.send(h11.Response(status_code=response.status_code, headers=headers))
            program.send(h11.EndOfMessage())
            return
        program.send(h11.Response(status_code=response.status_code, headers=headers))
        self._stream(program, response)

    def _stream(self, program: ProgramConnection, response: httpx2.Response) -> None:
        """The body as it arrives. A body that breaks off breaks the connection off too."""
        redacted = self._redactor.stream()
        try:
            for chunk in response.iter_bytes():
                if passed := redacted.feed(chunk):
                    program.send(h11.Data(data=passed))
        except (httpx2.HTTPError, OSError):
            raise Closed from None
        if rest := redacted.finish():
            program.send(h11.Data(data=rest))
        program.send(h11.EndOfMessage())


def _pairs(response: httpx2.Response) -> Headers:
    return [(name.decode("latin-1"), text.decode("latin-1")) for name, text in response.headers.raw]


def _authority(target: Target) -> str:
    return target.host if target.port == 443 else f"{target.host}:{target.port}"


def _kind(error: Exception) -> str:
    cause = error.__cause__ or error.__context__ or error
    return type(cause).__name__
