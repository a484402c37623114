"""Connections to the outside: directly, or through the proxy that this machine uses."""

import base64
import socket
import threading
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

CONNECT_SECONDS = 20
CHUNK = 65536
LONGEST_HEAD = 65536


class ConnectError(Exception):
    """A connection cannot be made; the text is for the program."""


def connect(host: str, port: int, *, public_only: bool) -> socket.socket:
    """A connection to a host, through the parent's own proxy where there is one."""
    parent = parent_proxy(host)
    if parent is not None:
        return _through(parent, host, port)
    return _directly(host, port, public_only=public_only)


def parent_proxy(host: str) -> str | None:
    """The proxy that the environment of vaultctl names for https, or None."""
    proxies = getproxies()
    found = proxies.get("https") or proxies.get("all")
    return None if found is None or proxy_bypass(host) else found


def is_refused(address: str, *, public_only: bool) -> bool:
    """Whether an address is never connected to for a program: the cloud's metadata services and
    other link-local ones; inside a sandbox everything that is not public.
    """
    parsed = ip_address(address.partition("%")[0])
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified:
        return True
    return public_only and not parsed.is_global


def splice(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes in both directions, unread, until both sides are done."""
    back = threading.Thread(target=_pump, args=[other, one], daemon=True)
    back.start()
    _pump(one, other)
    back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    except OSError:
        _shut(source, socket.SHUT_RDWR)
    _shut(target, socket.SHUT_WR)


def _shut(end: socket.socket, how: int) -> None:
    try:
        end.shutdown(how)
    except OSError:
        return


def _directly(host: str, port: int, *, public_only: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConnectError("The name does not resolve.") from None
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    if any(is_refused(address, public_only=public_only) for address in addresses):
        raise ConnectError("The address is not allowed.")
    for address in addresses:
        try:
            made = socket.create_connection((address, port), CONNECT_SECONDS)
        except OSError:
            continue
        made.settimeout(None)
        return made
    raise ConnectError("The host cannot be reached.")


def _through(parent: str, host: str, port: int) -> socket.socket:
    parts = urlsplit(parent if "//" in parent else f"//{parent}", "http")
    if parts.scheme != "http" or not parts.hostname:
        raise ConnectError("The proxy of this machine is not an http:// one.")
    try:
        made = socket.create_connection((parts.hostname, parts.port or 80), CONNECT_SECONDS)
    except OSError:
        raise ConnectError("The proxy of this machine cannot be reached.") from None
    try:
        made.sendall(_connect_request(host, port, parts.username, parts.password))
        if _read_head(made).split(None, 2)[1:2] != [b"200"]:
            raise ConnectError("The proxy of this machine refused the connection.")
    except OSError:
        made.close()
        raise ConnectError("The proxy of this machine does not answer.") from None
    except ConnectError:
        made.close()
        raise
    made.settimeout(None)
    return made


def _connect_request(host: str, port: int, user: str | None, password: str | None) -> bytes:
    name = f"[{host}]" if ":" in host else host
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if user is not None:
        pair = f"{unquote(user)}:{unquote(password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()


def _read_head(made: socket.socket) -> bytes:
    """The head of the answer, byte by byte, because what follows it belongs to the program."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = made.recv(1)
        if not byte or len(head) > LONGEST_HEAD:
            raise ConnectError("The proxy of this machine broke off.")
        head += byte
    return head
