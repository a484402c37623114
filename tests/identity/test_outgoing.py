"""A misbehaving provider: the person gets an error, and nobody else is held up (I13)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from itertools import count

import httpx2
import pytest
from django.db import connection
from django.test import Client

from access.levels import Role
from foundation.outgoing import calls
from foundation.outgoing.slots import IN_ALL, PER_TENANT
from identity.oidc_client.documents import documents
from tests.console.pages import page
from tests.held_back import PATIENCE
from tests.identity.oidc_providers import Provider, running_provider, set_up
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import PASSWORD, PURPOSE, Somebody, new_person, new_tenant, somebody, store

DISCOVERY = "/.well-known/openid-configuration"
START = "/account/sso/acme/"
Way = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def provider(owner: Somebody) -> Iterator[Provider]:
    """Acme's provider."""
    with running_provider() as one:
        set_up(owner, one.issuer)
        yield one


# -- ways to misbehave; each goes on until the caller leaves -------------------------------------


def _head(handler: BaseHTTPRequestHandler, *headers: bytes) -> None:
    handler.wfile.write(b"\r\n".join((b"HTTP/1.1 200 OK", *headers, b"", b"")))


def _until_left(handler: BaseHTTPRequestHandler, part: bytes) -> None:
    """Send a part now and then; ends when nobody listens any more, or with the test."""
    pause = threading.Event()
    for _ in range(600):
        handler.wfile.write(part)
        handler.wfile.flush()
        pause.wait(0.05)


def drip_the_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
    _until_left(handler, b"x")


def drip_the_body(handler: BaseHTTPRequestHandler) -> None:
    _head(handler, b"Content-Length: 100000")
    _until_left(handler, b" ")


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.settimeout(PATIENCE)
    handler.connection.recv(1)  # the end of the connection, by the caller


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def cut_the_body(handler: BaseHTTPRequestHandler) -> None:
    _head(handler, b"Content-Length: 100")
    handler.wfile.write(b"{")


def cut_a_chunk(handler: BaseHTTPRequestHandler) -> None:
    _head(handler, b"Transfer-Encoding: chunked")
    handler.wfile.write(b"ff\r\n{")


def flood_the_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in count():
        handler.wfile.write(b"x-%d: %s\r\n" % (number, b"x" * 1000))


def flood_the_body(handler: BaseHTTPRequestHandler) -> None:
    _head(handler)
    while True:
        handler.wfile.write(b" " * 65536)


def announce_too_much(handler: BaseHTTPRequestHandler) -> None:
    _head(handler, b"Content-Length: 999999999999")
    while True:
        handler.wfile.write(b" " * 65536)


def announce_too_little(handler: BaseHTTPRequestHandler) -> None:
    _head(handler, b"Content-Length: 2")
    handler.wfile.write(b'{"issuer": "x"}')


def redirect(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(307)
    handler.send_header("Location", "/followed")
    handler.end_headers()


def speak_another_protocol(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"220 smtp.example.org ESMTP\r\n")


def nest_deeply(handler: BaseHTTPRequestHandler) -> None:
    _head(handler)
    handler.wfile.write(b"[" * 200_000)


WAYS: tuple[Way, ...] = (
    drip_the_head,
    drip_the_body,
    hang,
    cut,
    cut_the_body,
    cut_a_chunk,
    flood_the_head,
    flood_the_body,
    announce_too_much,
    announce_too_little,
    redirect,
    speak_another_protocol,
    nest_deeply,
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.5)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("way", WAYS)
def test_at_discovery(provider: Provider, way: Way) -> None:
    followed: list[bool] = []
    provider.misbehaves = {DISCOVERY: way, "/followed": lambda _: followed.append(True)}

    answer = Client().get(START)

    assert answer.status_code == 502
    assert "The sign-in provider cannot be used." in page(answer).text
    assert not followed


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("path", ["/token", "/keys"])
@pytest.mark.parametrize("way", WAYS)
def test_at_the_token_and_the_keys(
    provider: Provider, owner: Somebody, way: Way, path: str
) -> None:
    followed: list[bool] = []
    provider.misbehaves = {path: way, "/followed": lambda _: followed.append(True)}
    browser = Client()
    back = provider.callback(browser.get(START)["Location"], owner.person.email)

    answer = browser.get(back)

    assert answer.status_code == 403
    assert "Your sign-in provider did not let you in." in page(answer).text
    assert not followed
    assert browser.get("/admin/").status_code == 302


# -- nobody else is held up ----------------------------------------------------------------------


def test_no_connection_to_the_database_is_held_meanwhile(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    answered = calls._answer  # the moment of the call

    def noted(*arguments: object) -> object:
        held.append(connection.connection is not None)
        return answered(*arguments)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(calls, "_answer", noted)
    browser = Client()
    back = provider.callback(browser.get(START)["Location"], "olivia@example.org")
    assert browser.get(back)["Location"] == "/"

    assert held == [False] * 3  # discovery, token, keys


class Hanging:
    """A provider all of whose discoveries wait until the block is left."""

    def __init__(self, provider: Provider) -> None:
        self.release = threading.Event()
        self.waiting = threading.Semaphore(0)
        self._provider = provider

    def way(self, _: BaseHTTPRequestHandler) -> None:
        self.waiting.release()
        self.release.wait(2 * PATIENCE)


def _hanging_tenants(provider: Provider, hanging: Hanging) -> list[str]:
    """Tenants, as many as take every slot, whose providers hang; their slugs."""
    slugs = [f"slow-{number}" for number in range(IN_ALL // PER_TENANT)]
    for slug in slugs:
        person = new_person(f"owner-of-{slug}")
        owner = somebody(person, new_tenant(slug, person), Role.OWNER)
        set_up(owner, f"{provider.issuer}/{slug}")
        provider.misbehaves[f"/{slug}{DISCOVERY}"] = hanging.way
    return slugs


def test_others_are_served_while_every_slot_is_taken(
    server: str, owner: Somebody, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 2 * PATIENCE)
    store(owner)
    token = connect(server, owner.person.email, PASSWORD).access
    hanging = Hanging(provider)
    slugs = _hanging_tenants(provider, hanging)

    with ThreadPoolExecutor(IN_ALL) as pool, reach(server) as http:
        starts = [
            pool.submit(_get, f"{server}/account/sso/{slug}/")
            for slug in slugs
            for _ in range(PER_TENANT)
        ]
        try:
            assert all(hanging.waiting.acquire(timeout=PATIENCE) for _ in starts)
            documents_were_not_needed = http.get(START)
            agent = Agent(http, token)
            leased = agent.answer("vault.lease_credential", key="stripe-api-key", purpose=PURPOSE)
            agent.answer("vault.read_credential", leaseHandle=leased["leaseHandle"])
            assert http.get("/account/login/").status_code == 200
            assert not any(one.done() for one in starts)
        finally:
            hanging.release.set()

        refused = documents_were_not_needed
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert "try again in a moment" in refused.text
        assert {one.result(PATIENCE).status_code for one in starts} == {502}


def test_a_tenant_takes_no_more_than_its_share(
    server: str, owner: Somebody, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 2 * PATIENCE)
    hanging = Hanging(provider)
    slug, *_ = _hanging_tenants(provider, hanging)
    address = f"{server}/account/sso/{slug}/"

    with ThreadPoolExecutor(PER_TENANT) as pool:
        starts = [pool.submit(_get, address) for _ in range(PER_TENANT)]
        try:
            assert all(hanging.waiting.acquire(timeout=PATIENCE) for _ in starts)
            assert _get(address).status_code == 503
            assert _get(f"{server}{START}").status_code == 302
        finally:
            hanging.release.set()


def _get(address: str) -> httpx2.Response:
    return httpx2.get(address, timeout=2 * PATIENCE, trust_env=False)


# -- what is kept --------------------------------------------------------------------------------


def test_documents_and_failures_are_kept_for_a_while(provider: Provider) -> None:
    asked: list[bool] = []

    def count_and_fail(handler: BaseHTTPRequestHandler) -> None:
        asked.append(True)
        cut(handler)

    provider.misbehaves = {DISCOVERY: count_and_fail}
    assert [Client().get(START).status_code for _ in range(3)] == [502] * 3
    assert len(asked) == 1

    documents.forget()
    provider.misbehaves = {}
    assert Client().get(START).status_code == 302
    provider.misbehaves = {DISCOVERY: count_and_fail}
    assert Client().get(START).status_code == 302
    assert len(asked) == 1


def test_new_keys_are_fetched_when_the_kept_ones_do_not_fit(
    provider: Provider, owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    def sign_in() -> int:
        browser = Client()
        back = provider.callback(browser.get(START)["Location"], owner.person.email)
        return browser.get(back).status_code

    assert sign_in() == 302
    provider.key = ec.generate_private_key(ec.SECP256R1())
    assert sign_in() == 403, "fetched a moment ago"
    monkeypatch.setattr("identity.oidc_client.documents.FAILURE_KEPT_SECONDS", 0)
    assert sign_in() == 302
