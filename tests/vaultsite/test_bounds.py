"""What strangers can make a web process hold is bounded: connections, and bytes of bodies."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import override_settings

from foundation.schema.strict_json import MAXIMUM_BODY, MAXIMUM_IMPORT
from foundation.web.request_body import ARRIVING
from identity.operations import revoke_personal_token
from tests.held_back import PATIENCE, all_received
from tests.machines import new_token, value_of
from tests.people import Somebody

HEAD = "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%s\r\n"
IMPORT = "/api/v1/imports"


def head(server: str, path: str, *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return (HEAD % (path, server.removeprefix("http://"), lines)).encode()


def opened(server: str, sent: bytes) -> socket.socket:
    """A connection on which this was sent."""
    parts = urlsplit(server)
    raw = socket.create_connection((parts.hostname, parts.port), PATIENCE)
    raw.sendall(sent)
    return raw


@pytest.mark.parametrize(
    "length", [f"Content-Length: {MAXIMUM_IMPORT - 1}", "Transfer-Encoding: chunked"]
)
@pytest.mark.parametrize(
    "authorization", ["", "Authorization: Bearer x.y.z", "Authorization: Basic eA=="]
)
def test_a_large_import_without_a_token_is_refused_by_its_head(
    server: str, database: None, length: str, authorization: str
) -> None:
    found = all_received(server, head(server, IMPORT, length, *filter(None, [authorization])))
    assert found.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in found
    assert ARRIVING.held == 0


def test_a_large_import_with_a_revoked_token_is_refused_by_its_head(
    server: str, owner: Somebody
) -> None:
    token = new_token(owner)
    revoke_personal_token(owner.console, token.token_id)
    bearer = f"Authorization: Bearer {value_of(token)}"
    sent = head(server, IMPORT, f"Content-Length: {MAXIMUM_IMPORT - 1}", bearer)
    assert all_received(server, sent).startswith(b"HTTP/1.1 401 ")


def test_a_large_import_with_a_token_is_read(server: str, owner: Somebody) -> None:
    token = value_of(new_token(owner, scopes=["vault:write"]))
    body = b'{"format": "nothing", "content": "' + b"x" * (2 * MAXIMUM_BODY) + b'"}'
    headers = (
        f"Content-Length: {len(body)}",
        f"Authorization: Bearer {token}",
        "Connection: close",
    )
    found = all_received(server, head(server, IMPORT, *headers) + body)
    assert found.startswith(b"HTTP/1.1 422 ")


@pytest.fixture
def little_room(server: str) -> Iterator[None]:
    """Room for two bodies that are arriving."""
    most, ARRIVING.most = ARRIVING.most, MAXIMUM_BODY * 2
    yield
    ARRIVING.most = most


@pytest.mark.parametrize("path", ["/oauth/token", "/account/login/"])
def test_bodies_that_are_held_back_share_a_bound(
    server: str, database: None, little_room: None, path: str
) -> None:
    almost = b"x" * (MAXIMUM_BODY - 1)
    begun = head(server, path, f"Content-Length: {MAXIMUM_BODY}")
    with ExitStack() as stack:
        held = [stack.enter_context(opened(server, begun + almost)) for _ in range(2)]
        assert _eventually_held(2 * len(almost))
        answer = all_received(server, begun + b"a little")
        assert answer.startswith(b"HTTP/1.1 503 ")
        for raw in held:
            raw.sendall(b"x")
            assert raw.recv(12).startswith(b"HTTP/1.1 ")
    assert ARRIVING.held == 0


def _eventually_held(count: int) -> bool:
    end = time.monotonic() + PATIENCE
    while ARRIVING.held != count and time.monotonic() < end:
        time.sleep(0.01)
    return ARRIVING.held == count


def test_connections_are_bounded(server: str, database: None) -> None:
    few = settings.ENVIRONMENT.model_copy(update={"web_connections": 3})
    with override_settings(ENVIRONMENT=few), ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(opened(server, b"GET / HT"))
        answer = all_received(server, b"")
        assert answer.startswith(b"HTTP/1.1 503 ")
    request = b"GET /livez HTTP/1.1\r\nConnection: close\r\nHost: "
    host = server.removeprefix("http://").encode()
    assert _answered(server, request + host + b"\r\n\r\n")


def _answered(server: str, sent: bytes) -> bool:
    """Whether a connection is served again, once the server noticed that the others closed."""
    return any(all_received(server, sent).startswith(b"HTTP/1.1 200 ") for _ in range(50))
