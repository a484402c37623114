"""What stands behind the proxy in tests: https hosts of a private authority, reached by a proxy of
the machine that takes every name to this machine.
"""

import base64
import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from vaultctl.proxy.authority import Authority
from vaultctl.proxy.network import splice

Headers = dict[str, str]


@dataclass
class Seen:
    """One request that arrived."""

    method: str
    path: str
    headers: Headers
    body: bytes


@dataclass
class Upstream:
    """An https server that records what it sees; `answers` by path, otherwise `{"ok": true}`."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)

    @property
    def last(self) -> Seen:
        """The newest request."""
        return self.seen[-1]


class Handler(BaseHTTPRequestHandler):
    """Paths choose the answer; most of them give the secret back in some way."""

    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def handle_request(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        path = urlsplit(self.path).path
        self.upstream.seen.append(Seen(self.command, self.path, dict(self.headers), body))
        answer = ANSWERS.get(path.strip("/").partition("/")[0], _ok)
        answer(self)

    def __getattr__(self, name: str) -> Any:
        """`do_GET` and the like: one answer for all methods."""
        if name.startswith("do_"):
            return self.handle_request
        raise AttributeError(name)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def whole(self, body: bytes, **headers: str) -> None:
        """A complete answer."""
        self.send_response(200)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunk(self, data: bytes) -> None:
        """A part of a chunked answer."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def begin_chunks(self, **headers: str) -> None:
        """The head of a chunked answer."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()

    @property
    def credential(self) -> bytes:
        """What came as Authorization, or as the query's key."""
        return (self.headers.get("Authorization") or self.path).encode()


def _ok(handler: Handler) -> None:
    handler.whole(b'{"ok": true}', Content_Type="application/json")


def _echo(handler: Handler) -> None:
    """The credential in every usual form: text, JSON, base64 at three offsets, hex, URL."""
    given = handler.credential
    word = given.split(b" ")[-1]
    forms = {
        "raw": given.decode(),
        "base64": [base64.b64encode(b"x" * pad + word).decode() for pad in range(3)],
        "url_base64": base64.urlsafe_b64encode(word).decode(),
        "hex": word.hex(),
        "HEX": word.hex().upper(),
        "url": quote(word),
    }
    try:
        forms["basic"] = base64.b64decode(word).decode()
    except ValueError:
        forms["basic"] = ""
    handler.whole(json.dumps(forms).encode(), Content_Type="application/json")


def _header(handler: Handler) -> None:
    handler.whole(b"see the headers", X_Echo=handler.credential.decode(), ETag='"1"')


def _gzip(handler: Handler) -> None:
    handler.whole(gzip.compress(handler.credential * 3), Content_Encoding="gzip")


def _brotli(handler: Handler) -> None:
    handler.whole(handler.credential, Content_Encoding="br")


def _split(handler: Handler) -> None:
    """One byte in every chunk, and a trailer."""
    handler.begin_chunks(Trailer="X-Echo")
    for byte in handler.credential * 2:
        handler.chunk(bytes([byte]))
    handler.wfile.write(b"0\r\nX-Echo: " + handler.credential + b"\r\n\r\n")


def _endless(handler: Handler) -> None:
    handler.begin_chunks()
    try:
        while True:
            handler.chunk(handler.credential + b"\n")
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


def _cut(handler: Handler) -> None:
    """Breaks off in the middle of the credential."""
    handler.send_response(200)
    handler.send_header("Content-Length", "4000")
    handler.end_headers()
    handler.wfile.write(handler.credential[:-2])
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def _redirect(handler: Handler) -> None:
    handler.send_response(302)
    handler.send_header("Location", f"https://elsewhere.test/?key={quote(handler.credential)}")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _failure(handler: Handler) -> None:
    body = b"unknown key: " + handler.credential
    handler.send_response(401, "No " + handler.credential.decode())
    handler.send_header("WWW-Authenticate", f'Bearer realm="{handler.credential.decode()}"')
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


ANSWERS: dict[str, Callable[[Handler], None]] = {
    "echo": _echo,
    "header": _header,
    "gzip": _gzip,
    "brotli": _brotli,
    "split": _split,
    "endless": _endless,
    "cut": _cut,
    "redirect": _redirect,
    "failure": _failure,
}


@contextmanager
def https_upstream(authority: Authority, host: str, directory: Path) -> Iterator[Upstream]:
    """Serve on a free port of loopback with a certificate for `host`."""
    upstream = Upstream()
    handler = type("BoundHandler", (Handler,), {"upstream": upstream})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that give up
    context: ssl.SSLContext = authority.context_for(host, directory)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    upstream.port = server.server_port
    with _served(server):
        yield upstream


@contextmanager
def http_upstream() -> Iterator[Upstream]:
    """The same without TLS."""
    upstream = Upstream()
    handler = type("BoundHandler", (Handler,), {"upstream": upstream})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    upstream.port = server.server_port
    with _served(server):
        yield upstream


@contextmanager
def _served(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def machine_proxy(places: dict[str, int]) -> Iterator[str]:
    """The proxy that a machine has to use: names (`host:port`) lead to ports of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_connect, args=[client, places], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _connect(client: socket.socket, places: dict[str, int]) -> None:
    with client:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return
            head += byte
        port = places.get(head.split()[1].decode())
        if port is None:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as outside:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            splice(client, outside)
