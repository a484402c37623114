"""A request that does not arrive is not waited for: 408, and the connection is closed."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings

from tests.held_back import all_received

HEAD = b"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\nAuthorization: %s\r\n"


@pytest.fixture(autouse=True)
def short_deadlines() -> Iterator[None]:
    names = ("request_head_seconds", "request_body_seconds", "import_body_seconds")
    given = settings.ENVIRONMENT.model_copy(update=dict.fromkeys(names, 1))
    with override_settings(ENVIRONMENT=given):
        yield


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_does_not_arrive(server: str, database: None, sent: bytes) -> None:
    found = all_received(server, sent)

    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in found


@pytest.mark.parametrize("path", [b"/oauth/token", b"/account/login/", b"/api/v1/imports"])
def test_a_body_that_does_not_arrive(server: str, database: None, path: bytes) -> None:
    host = server.removeprefix("http://").encode()
    found = all_received(server, HEAD % (path, host, b"x") + b"\r\nhalf")

    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"request/timeout" in found


def test_a_further_head_that_does_not_arrive(server: str, database: None) -> None:
    host = server.removeprefix("http://").encode()
    whole = b"GET /livez HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    found = all_received(server, whole + b"GET /li")

    assert found.startswith(b"HTTP/1.1 200 ")


def test_the_rest_of_a_body_that_was_refused_is_not_waited_for(server: str, database: None) -> None:
    host = server.removeprefix("http://").encode()
    found = all_received(server, HEAD % (b"/api/mcp", host, b"x") + b"\r\nhalf")

    assert found.startswith(b"HTTP/1.1 401 ")
