"""Clients that identify themselves by the address of a metadata document, and hostile documents."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
import pytest
from django.conf import settings
from django.test import override_settings

from foundation.outgoing import calls
from identity.authorization_server.client_documents import failures
from identity.authorization_server.clients import change_client
from identity.authorization_server.well_known_clients import PUBLISHED_DOCUMENTS
from identity.models import Client, ClientState
from tests.disclosure.private_ca import make_ca
from tests.identity.conftest import OFFLINE
from tests.identity.looking import holds, log
from tests.oauth_client import OAuthClient, answered, decide

HOST = "localhost"
Way = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Publisher:
    """A website with one metadata document."""

    url: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    way: Way | None = None
    fetched: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """The document, as a well-behaved client publishes it."""
        given = {
            "client_id": self.url,
            "client_name": "Example Agent",
            "redirect_uris": ["http://localhost/callback", f"{self.origin}/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        return {name: value for name, value in {**given, **self.changes}.items() if value != ""}

    @property
    def origin(self) -> str:
        """The website."""
        return self.url.removesuffix("/agent/metadata.json")


@contextmanager
def publishing(folder: Path) -> Iterator[tuple[Publisher, ssl.SSLContext]]:
    """A website over TLS on a loopback port, and what trusts it."""
    authority = make_ca(folder, HOST)
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Silent."""

        def do_GET(self) -> None:
            publisher.fetched += 1
            if publisher.way is not None:
                publisher.way(self)
                return
            body = json.dumps(publisher.document).encode()
            self.send_response(200)
            for name, value in publisher.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """The caller left."""

    server = Server((HOST, 0), Handler)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority.server)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    publisher.url = f"https://{HOST}:{server.server_port}/agent/metadata.json"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield publisher, ssl.create_default_context(cadata=authority.authority)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture(autouse=True)
def nothing_failed() -> None:
    """As in a new process."""
    failures.forget()


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A website that Vault may call, although it is on this machine."""
    changed = settings.ENVIRONMENT.model_copy(update={"private_providers": (HOST,)})
    with publishing(tmp_path) as (one, trust), override_settings(ENVIRONMENT=changed):
        monkeypatch.setattr(calls, "_tls", lambda: trust)
        yield one


@pytest.fixture
def client(publisher: Publisher, http: httpx2.Client) -> OAuthClient:
    """A client that registered nowhere."""
    return OAuthClient(http, client_id=publisher.url)


def test_a_client_connects_without_registering(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    page = browser.get(client.authorize_url(scope=OFFLINE))
    assert page.status_code == 200
    assert f"<strong>{HOST}:" in page.text
    assert "“Example Agent”" in page.text
    assert publisher.url in page.text
    assert "any program on this computer can claim to be it" in page.text

    tokens = client.tokens(client.redeem(answered(decide(browser, page))["code"]))
    assert holds(tokens.access)
    assert client.refresh(tokens.refresh or "").status_code == 200
    assert publisher.fetched == 1
    (entry,) = log("client.registered")
    assert entry.details["name"] == "Example Agent"


def test_a_website_of_the_same_origin_gets_the_code(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    client.redirect_uri = f"{publisher.origin}/callback"
    page = browser.get(client.authorize_url())
    assert "claim to be it" not in page.text
    answer = decide(browser, page)
    assert answer.headers["location"].startswith(f"{publisher.origin}/callback?code=")
    assert f"form-action 'self' {publisher.origin};" in page.headers["content-security-policy"]


def test_a_stranger_makes_vault_call_nobody(
    client: OAuthClient, http: httpx2.Client, publisher: Publisher
) -> None:
    answer = http.get(client.authorize_url())
    assert answer.headers["location"].startswith("/account/login/")
    for prompt in ("none", "login"):
        http.get(client.authorize_url(prompt=prompt))
    assert publisher.fetched == 0


def test_a_suspended_client_stays_suspended(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    tokens = client.tokens(client.redeem(client.code(browser)))
    change_client(publisher.url, ClientState.SUSPENDED)

    assert not holds(tokens.access)
    assert browser.get(client.authorize_url()).status_code == 400
    assert publisher.fetched == 1


def test_http_says_how_long_a_document_is_kept(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    for control, least, most in (
        (None, 290, 310),
        ("max-age=0", 290, 310),
        ("public, max-age=3600", 3590, 3610),
        ("max-age=999999999", 86390, 86410),
        ("no-store, max-age=3600", 290, 310),
    ):
        Client.objects.all().delete()
        publisher.headers["Cache-Control"] = control or ""
        assert browser.get(client.authorize_url()).status_code == 200
        row = Client.objects.get()
        assert row.cimd_expires_at is not None
        assert least <= (row.cimd_expires_at - row.created).total_seconds() <= most, control


def _expire() -> None:
    row = Client.objects.get()
    row.cimd_expires_at = row.created
    row.save(update_fields=["cimd_expires_at"])


def test_what_the_document_no_longer_names_ends(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    assert browser.get(client.authorize_url()).status_code == 200
    publisher.changes["redirect_uris"] = [f"{publisher.origin}/callback"]
    assert browser.get(client.authorize_url()).status_code == 200
    _expire()
    assert browser.get(client.authorize_url()).status_code == 400
    assert publisher.fetched == 2


def test_a_document_serves_on_while_its_address_is_silent_but_not_when_it_is_wrong(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    assert browser.get(client.authorize_url()).status_code == 200
    _expire()
    publisher.way = cut
    assert browser.get(client.authorize_url()).status_code == 200
    failures.forget()
    publisher.way, publisher.changes = None, {"client_id": "https://evil.example/x"}
    assert browser.get(client.authorize_url()).status_code == 400


def test_the_older_clients_stay_only_when_the_person_ticks_it(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    page = browser.get(client.authorize_url())
    assert 'value="offline_access"' in page.text
    publisher.changes["grant_types"] = ["authorization_code"]
    _expire()
    assert 'value="offline_access"' not in browser.get(client.authorize_url()).text


# -- hostile documents ---------------------------------------------------------------------------


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.settimeout(20)
    handler.connection.recv(1)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    pause = threading.Event()
    for _ in range(200):
        handler.wfile.write(b" ")
        pause.wait(0.05)


def redirect(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://169.254.169.254/latest/meta-data")
    handler.end_headers()


def send(body: bytes, media: str = "application/json", status: int = 200) -> Way:
    def way(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", media)
        handler.end_headers()
        handler.wfile.write(body)

    return way


WAYS: dict[str, Way] = {
    "cuts the connection": cut,
    "hangs": hang,
    "drips": drip,
    "redirects": redirect,
    "5 MB": send(b" " * 5_000_000 + b"{}"),
    "17 kB": send(b'{"x": "' + b"x" * 17_000 + b'"}'),
    "another type": send(b"{}", "text/html"),
    "no JSON": send(b"hunter2"),
    "a list": send(b"[]"),
    "repeated members": send(b'{"client_id": "a", "client_id": "b"}'),
    "deeply nested": send(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "not found": send(b"{}", status=404),
}
CHANGES: dict[str, dict[str, Any]] = {
    "another client": {"client_id": "https://evil.example/client"},
    "no id": {"client_id": None},
    "a secret": {"client_secret": "hunter2"},
    "a secret's end": {"client_secret_expires_at": 0},
    "a secret to authenticate": {"token_endpoint_auth_method": "client_secret_post"},
    "a key to authenticate": {"token_endpoint_auth_method": "private_key_jwt"},
    "another origin's redirects": {"redirect_uris": ["https://evil.example/callback"]},
    "a script as redirect": {"redirect_uris": ["javascript:alert(1)"]},
    "no redirects": {"redirect_uris": None},
    "many redirects": {"redirect_uris": [f"http://localhost/{n}" for n in range(11)]},
    "our name": {"client_name": "Vault"},
    "another grant": {"grant_types": ["client_credentials"]},
}


@pytest.mark.parametrize("name", [*WAYS, *CHANGES])
def test_a_hostile_document_is_refused_with_a_plain_page(
    client: OAuthClient,
    browser: httpx2.Client,
    publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.5)
    publisher.way, publisher.changes = WAYS.get(name), CHANGES.get(name, {})

    for _ in range(2):  # the second time it is not fetched again
        page = browser.get(client.authorize_url())
        assert page.status_code == 400
        assert "location" not in page.headers
        assert "metadata document" in page.text
        assert not any(word in page.text for word in ("hunter2", "evil.example", "169.254"))
    assert publisher.fetched == 1
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.1/client",
        "https://127.0.0.1:8443/client",
        "https://[::1]/client",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/client",
        "https://[64:ff9b::a00:1]/client",
        "https://0x7f000001/client",
        "https://localhost:22/client",
        "https://user@example.com/client",
        "https://example.com",
        "https://example.com/",
        "https://example.com/a/../client",
        "https://example.com/a/%2e%2E/client",
        "https://example.com/client#part",
        "https://example.com:99999/client",
        "https://example.com\\@evil.example/client",
        "HTTPS://example.com/client",
        "https:///client",
        "https://example.com/" + "x" * 250,
    ],
)
def test_no_address_but_a_public_one_is_called(
    browser: httpx2.Client,
    http: httpx2.Client,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    def connect(*_: Any, **__: Any) -> httpcore2.NetworkStream:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
    page = browser.get(OAuthClient(http, client_id=address).authorize_url())
    assert page.status_code == 400
    assert "location" not in page.headers
    assert not Client.objects.exists()


def test_refusals_count_as_refused_registrations(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    publisher.way = cut
    limits = {**settings.IDENTITY_LIMITS, "register_failed": [(1, 60)]}
    with override_settings(IDENTITY_LIMITS=limits):
        browser.get(client.authorize_url())
        failures.forget()
        page = browser.get(client.authorize_url())
    assert (page.status_code, publisher.fetched) == (503, 1)


def test_well_known_clients_connect_where_their_documents_cannot_be_reached(
    browser: httpx2.Client, http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundation.outgoing.destinations._resolver", NoNames())
    for address, (name, redirects) in PUBLISHED_DOCUMENTS.items():
        program = OAuthClient(http, client_id=address, redirect_uri=redirects[0])
        page = browser.get(program.authorize_url())
        assert page.status_code == 200, address
        assert f"“{name}”" in page.text


class NoNames:
    """A resolver that finds nothing."""

    def submit(self, *_: Any, **__: Any) -> "NoNames":
        return self

    def result(self, _: float) -> None:
        raise OSError

    def cancel(self) -> None:
        """Nothing to cancel."""


def test_documents_can_be_switched_off(
    client: OAuthClient, browser: httpx2.Client, publisher: Publisher
) -> None:
    named = "client_id_metadata_document_supported"
    metadata = "/.well-known/oauth-authorization-server"
    assert browser.get(metadata).json()[named] is True
    changed = settings.ENVIRONMENT.model_copy(update={"client_metadata_documents": False})
    with override_settings(ENVIRONMENT=changed):
        assert browser.get(metadata).json()[named] is False
        assert browser.get(client.authorize_url()).status_code == 400
    assert publisher.fetched == 0
