"""The guard of outgoing calls: which addresses may be called, and that only checked ones are."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db.transaction import atomic
from django.test import override_settings

from foundation.outgoing import CallFailed, NotAllowed, call, calls
from foundation.outgoing.deadline import Deadline
from foundation.outgoing.destinations import find_destination, is_public

NAME = "sso.intern.example"

REFUSED = (
    "0.0.0.0", "0.1.2.3", "10.0.0.7", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.8.8",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::a00:1", "::7f00:1", "::ffff:10.0.0.7", "::ffff:93.184.215.14",
    "64:ff9b::a00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:db8::1", "2002:a00:1::1", "2002:5db8:d70e::1", "3fff::1", "4000::1",
    "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
)  # fmt: skip
CALLED = (
    "1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1",
    "192.0.1.1", "192.167.255.255", "198.17.255.255", "223.255.255.255",
    "2001:200::1", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2003::1",
)  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", CALLED)
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


@contextmanager
def _production(*private: str) -> Iterator[None]:
    given = {"development": False, "private_providers": private}
    with override_settings(ENVIRONMENT=settings.ENVIRONMENT.model_copy(update=given)):
        yield


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.215.14/",
        "https://93.184.215.14:22/",
        "https://93.184.215.14:80/",
        "https://93.184.215.14:1023/",
        "https://93.184.215.14:0/",
        "https://user@93.184.215.14/",
        "https://93.184.215.14/a b",
        "https://[fe80::1]/",
        "https://[::ffff:93.184.215.14]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "http://localhost/",
        "file:///etc/passwd",
        "https:///",
        "",
    ],
)
def test_what_is_not_called(url: str) -> None:
    with _production(), pytest.raises(NotAllowed):
        find_destination(url, Deadline(30))


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://93.184.215.14/", 443),
        ("https://93.184.215.14:1024/", 1024),
        ("https://93.184.215.14:8443/", 8443),
    ],
)
def test_ports_that_are_called(url: str, port: int) -> None:
    with _production():
        found = find_destination(url, Deadline(30))
    assert (found.addresses, found.port) == (("93.184.215.14",), port)


def test_a_name_with_one_address_that_is_not_public_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, "93.184.215.14", "10.0.0.7")
    with _production(), pytest.raises(NotAllowed):
        find_destination(f"https://{NAME}/", Deadline(30))


def test_a_host_that_the_operator_lists_is_called_at_any_address_and_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, "10.0.0.7")
    with _production(NAME):
        assert find_destination(f"https://{NAME}:636/", Deadline(30)).port == 636


def test_a_name_that_takes_too_long_to_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(60))
    try:
        with _production(), pytest.raises(CallFailed):
            find_destination(f"https://{NAME}/", Deadline(0.2))
    finally:
        release.set()


def test_a_call_inside_a_transaction_is_a_programming_error(database: None) -> None:
    with atomic(), pytest.raises(RuntimeError):
        call("GET", "http://localhost:1/", tenant="acme")


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """NAME has these addresses; answers a list that grows by each question for it."""
    asked: list[str] = []
    genuine = socket.getaddrinfo

    def resolve(host: Any, port: Any, *arguments: Any, **more: Any) -> Any:
        if host != NAME:
            return genuine(host, port, *arguments, **more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


# -- over TLS ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for NAME, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


@contextmanager
def _serving(certificate: Path) -> Iterator[tuple[int, list[str]]]:
    """A TLS server on loopback; its port, and the Host headers and names that it was asked for."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Host"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            return

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _, name, __: seen.append(name)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_the_checked_address_is_reached_under_the_name(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch, "127.0.0.1")
    monkeypatch.setattr(calls, "_tls", lambda: _trusting(certificate))
    with _serving(certificate) as (port, seen), _production(NAME):
        answer = call("GET", f"https://{NAME}:{port}/x", tenant="acme")

    assert (answer.status, answer.body) == (200, b"{}")
    assert seen == [NAME, f"{NAME}:{port}"]
    assert asked == [NAME], "resolved once"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, "127.0.0.1")
    with (
        _serving(certificate) as (port, seen),
        _production(NAME),
        pytest.raises(CallFailed),
    ):
        call("GET", f"https://{NAME}:{port}/x", tenant="acme")
    assert seen == [NAME]
