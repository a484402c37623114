"""A hostile server that sends back the credential it was sent, in every encoding and every place.

`ECHO_CASES` is the list of what it does; anything that sends a value on somebody's behalf – Vault
itself, a proxy – can be run against it. A case is chosen by the path of the request:

    with EchoUpstream(certificate) as upstream:
        answer = send(f"https://localhost:{upstream.port}{case.path}")
        assert upstream.received[-1] …  # the true value arrived
        assert not traces(answer, value)
"""

import base64
import gzip
import ssl
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.disclosure.encodings import ENCODINGS
from tests.environment import free_port

# Where it listens for tests whose requests are described before it runs.
SENDABLE_PORT = free_port()
SENDABLE = f"localhost:{SENDABLE_PORT}"
ENDLESS = b"still more. " * 512
PLACES = (
    "body",
    "body, byte by byte",
    "body, in threes",
    "header",
    "trailer",
    "gzip",
    "deflate",
    "endless",
    "error page",
    "redirect",
)


@dataclass(frozen=True)
class EchoCase:
    """Where the value comes back, and how it is encoded."""

    place: str
    encoding: str

    @property
    def path(self) -> str:
        """The path that makes the server do it."""
        return f"/echo/{quote(self.place)}/{quote(self.encoding)}"

    @property
    def ends(self) -> bool:
        """Whether the answer ends by itself."""
        return self.place != "endless"


def _cases() -> Iterator[EchoCase]:
    for encoding in ENCODINGS:
        yield EchoCase("body", encoding)
        yield EchoCase("body, byte by byte", encoding)
    for place in PLACES[2:]:
        for encoding in ("raw", "base64 after one byte", "hex", "url, every character"):
            yield EchoCase(place, encoding)


ECHO_CASES: tuple[EchoCase, ...] = tuple(_cases())


@dataclass
class EchoUpstream:
    """The server, on a port of loopback. `received` has the credentials that arrived, as sent;
    `connections` counts who connected at all.
    """

    certificate: Path | None
    wanted_port: int = 0
    received: list[bytes] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        upstream: EchoUpstream = self

        class Handler(_EchoHandler):
            echo = upstream

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self) -> Any:
                upstream.connections += 1
                return super().get_request()

            def handle_error(self, *_: Any) -> None:
                """Clients that leave are expected."""

        self._server = Server(("127.0.0.1", self.wanted_port), Handler)
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        port: int = self._server.server_port
        return port


class _EchoHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    echo: "EchoUpstream"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.echo.requests.append((self.command, self.path, self.headers.items(), body))
        sent = self._credential()
        self.echo.received.append(sent)
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/")]
        if len(parts) == 4 and parts[1] == "echo":
            self._echo(parts[2], ENCODINGS[parts[3]](sent))
        else:
            self._answer(200, b'{"ok": true}')

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def date_time_string(self, _: float | None = None) -> str:
        """Always the same, so that answers can be compared."""
        return "Mon, 30 Nov 2026 00:00:00 GMT"

    def log_message(self, *_: object) -> None:
        """Nothing is logged, least of all what was sent."""

    def _credential(self) -> bytes:
        """The value, however it came; of Basic what follows the word."""
        for name, text in self.headers.items():
            if name.lower() in ("authorization", "x-api-key", "cookie"):
                word, _, rest = text.partition(" ")
                if word.lower() == "basic":
                    _, _, password = base64.b64decode(rest).partition(b":")
                    return password if "password" in self.path else rest.encode()
                return (rest or text).encode("latin-1")
        query = parse_qs(urlsplit(self.path).query)
        return query.get("key", [""])[0].encode()

    def _echo(self, place: str, echo: bytes) -> None:
        text = b'{"you sent": "' + echo + b'", "and": "more"}'
        if place == "body":
            self._answer(200, text)
        elif place == "body, byte by byte":
            self._chunks(text[at : at + 1] for at in range(len(text)))
        elif place == "body, in threes":
            self._chunks(text[at : at + 3] for at in range(0, len(text), 3))
        elif place == "header":
            self._answer(200, b"{}", {"X-Echo": echo.decode("latin-1"), "X-Plain": "kept"})
        elif place == "trailer":
            self._chunks([b"{}"], trailer=b"X-Echo: " + echo + b"\r\n")
        elif place == "gzip":
            self._answer(200, gzip.compress(text), {"Content-Encoding": "gzip"})
        elif place == "deflate":
            self._answer(200, zlib.compress(text), {"Content-Encoding": "deflate"})
        elif place == "error page":
            self._answer(500, text)
        elif place == "redirect":
            location = f"https://{self.headers['Host']}/?echo=" + echo.decode("latin-1")
            self._answer(302, b"", {"Location": location})
        else:
            self._endless(text)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _chunks(self, chunks: Any, trailer: bytes = b"") -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        if trailer:
            self.send_header("Trailer", "X-Echo")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        self.wfile.write(b"0\r\n" + trailer + b"\r\n")

    def _endless(self, text: bytes) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while True:
            self.wfile.write(text + ENDLESS)
