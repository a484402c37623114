"""Every page has an id of ours, and no cache keeps what is private."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.oauth_client import in_process


@pytest.fixture
def http(database: None) -> Iterator[httpx2.Client]:
    """The product without a socket."""
    with in_process() as connection:
        yield connection


@pytest.mark.parametrize("path", ["/account/login/", "/readyz", "/nothing-here", "/api/v1/nope"])
def test_a_private_page_is_kept_by_nobody(http: httpx2.Client, path: str) -> None:
    assert "no-store" in http.get(path).headers["cache-control"]


def test_public_metadata_may_be_kept(http: httpx2.Client) -> None:
    answer = http.get("/.well-known/oauth-authorization-server")
    assert "public" in answer.headers["cache-control"]
    assert "no-store" not in answer.headers["cache-control"]


def test_the_requests_id_is_ours(http: httpx2.Client) -> None:
    first = http.get("/livez", headers={"X-Request-Id": "mine"})
    second = http.get("/livez")
    assert "mine" not in first.headers["x-request-id"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_the_api_answers_programs_and_the_rest_answers_people(http: httpx2.Client) -> None:
    assert http.get("/api/nope").headers["content-type"] == "application/problem+json"
    assert http.get("/nope").headers["content-type"].startswith("text/html")
