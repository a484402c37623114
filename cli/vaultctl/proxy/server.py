"""The proxy of one run, on loopback: hosts with a rule are opened, all others are tunnelled."""

import base64
import contextlib
import secrets
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import h11

from vaultctl.proxy.authority import Authority
from vaultctl.proxy.connection import Closed, ProgramConnection, headers_of
from vaultctl.proxy.exchange import Exchange, Host
from vaultctl.proxy.network import ConnectError, connect, splice

USER = "vaultctl"
HANDSHAKE_SECONDS = 30
POLL_SECONDS = 0.05
_CONNECTION_HEADERS = frozenset({"connection", "proxy-connection", "proxy-authorization"})


@dataclass
class Proxy:
    """What the connections of one run share. `password` keeps other programs out."""

    exchange: Exchange
    authority: Authority
    directory: Path
    public_only: bool = False
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def __post_init__(self) -> None:
        pair = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        self._expected = f"Basic {pair}"
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._issuing = threading.Lock()

    def is_authorized(self, request: h11.Request) -> bool:
        """Whether the request comes from the run's program."""
        given = [t for n, t in headers_of(request) if n.lower() == "proxy-authorization"]
        return len(given) == 1 and secrets.compare_digest(
            given[0].encode(), self._expected.encode()
        )

    def has_rule(self, host: Host) -> bool:
        """Whether connections to the host are opened."""
        found = (one.destination(host.name, host.port) for one in self.exchange.credentials)
        return any(destination is not None for destination in found)

    def context_for(self, host: str) -> ssl.SSLContext:
        """The host's server context, made once."""
        with self._issuing:
            if host not in self._contexts:
                self._contexts[host] = self.authority.context_for(host, self.directory)
            return self._contexts[host]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy

    def handle_error(self, *_: object) -> None:
        """Errors may hold what must not be shown; the connection is closed."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(Closed, OSError):
            _serve(self.server.proxy, self.request)


@contextlib.contextmanager
def serving(proxy: Proxy) -> Iterator[str]:
    """Run the proxy in the background; answers its address with user and password."""
    server = _Server(proxy)
    # The end of a run waits for as long as the server takes to look whether it is to stop.
    thread = threading.Thread(
        target=server.serve_forever, args=[POLL_SECONDS], name="proxy", daemon=True
    )
    thread.start()
    try:
        yield f"http://{USER}:{proxy.password}@127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _serve(proxy: Proxy, sock: socket.socket) -> None:
    program = ProgramConnection(sock)
    request = program.next_request()
    if request is None:
        return
    if not proxy.is_authorized(request):
        realm = [("Proxy-Authenticate", 'Basic realm="vaultctl"')]
        program.refuse(407, "This proxy is for one program only.", realm)
        return
    if request.method != b"CONNECT":
        _forward_plain(proxy, program, request)
        return
    host = _host_of(request.target)
    if host is None:
        program.refuse(400, "The address is not valid.")
    elif proxy.has_rule(host):
        _open(proxy, program, host)
    else:
        _tunnel(proxy, program, host)


def _open(proxy: Proxy, program: ProgramConnection, host: Host) -> None:
    """Answer in the host's place, with a certificate of the run's own authority."""
    if program.leave_http():
        return
    program.sock.settimeout(HANDSHAKE_SECONDS)
    with proxy.context_for(host.name).wrap_socket(program.sock, server_side=True) as tls:
        opened = ProgramConnection(tls)
        proxy.exchange.serve(opened, host)


def _tunnel(proxy: Proxy, program: ProgramConnection, host: Host) -> None:
    try:
        outside = connect(host.name, host.port, public_only=proxy.public_only)
    except ConnectError as error:
        program.refuse(502, str(error))
        return
    with outside:
        ahead = program.leave_http()
        if ahead:
            outside.sendall(ahead)
        program.sock.settimeout(None)
        splice(program.sock, outside)


def _forward_plain(proxy: Proxy, program: ProgramConnection, request: h11.Request) -> None:
    """A request over plain http, passed on as it is: nothing is ever put into it."""
    parts = urlsplit(request.target.decode("latin-1"))
    if parts.scheme != "http" or not parts.hostname:
        program.refuse(400, "This is a proxy; it serves nothing itself.")
        return
    try:
        outside = connect(parts.hostname, parts.port or 80, public_only=proxy.public_only)
    except ConnectError as error:
        program.refuse(502, str(error))
        return
    with outside:
        path = request.target.partition(b"://")[2].partition(b"/")[2]
        lines = [request.method + b" /" + path + b" HTTP/1.1"]
        lines += [
            name + b": " + text
            for name, text in request.headers.raw_items()
            if name.lower().decode("latin-1") not in _CONNECTION_HEADERS
        ]
        outside.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
        outside.sendall(program.rest())
        program.sock.settimeout(None)
        splice(program.sock, outside)


def _host_of(target: bytes) -> Host | None:
    """The host and port of a CONNECT."""
    name, colon, port = target.decode("latin-1").rpartition(":")
    name = name.removeprefix("[").removesuffix("]").rstrip(".").lower()
    if not colon or not name or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    return Host(name, int(port))
