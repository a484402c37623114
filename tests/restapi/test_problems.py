"""Whatever goes wrong below /api/ is a problem document."""

import logging
from typing import Any, NoReturn

import httpx2
import pytest
from django.db import OperationalError

from restapi import views

PATH = "/api/v1/credentials"
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "requestId"}
SECRET = "hunter2-in-an-exception"


def problem(answer: httpx2.Response) -> dict[str, Any]:
    """The document, complete."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, Any] = answer.json()
    assert set(document) >= MEMBERS
    assert document["status"] == answer.status_code
    assert document["requestId"] == answer.headers["x-request-id"]
    assert document["instance"] == f"urn:vault:request:{document['requestId']}"
    return document


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/nope", "/api/v2/credentials"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_not_found(http: httpx2.Client, path: str, method: str) -> None:
    assert problem(http.request(method, path))["code"] == "route/not-found"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_is_not_served_names_those_that_are(api: httpx2.Client, method: str) -> None:
    answer = api.request(method, "/api/v1/search")
    assert problem(answer)["code"] == "request/method-not-allowed"
    assert answer.headers["allow"] == "GET, HEAD"


def test_only_json_is_answered(api: httpx2.Client) -> None:
    answer = api.get(PATH, headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert problem(answer)["code"] == "request/not-acceptable"


def test_another_host_makes_no_sense(http: httpx2.Client) -> None:
    answer = http.get(PATH, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert problem(answer)["code"] == "input/malformed"


def test_a_defect_says_nothing_but_its_request(
    api: httpx2.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> NoReturn:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(views, "make_answer", breaks)
    with caplog.at_level(logging.DEBUG):
        answer = api.get(PATH)

    document = problem(answer)
    assert (document["status"], document["code"]) == (500, "internal/error")
    assert document["requestId"] in caplog.text
    assert SECRET not in answer.text + caplog.text


def test_without_a_database_it_is_unavailable(
    api: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def has_none(*_: object, **__: object) -> NoReturn:
        raise OperationalError(SECRET)

    monkeypatch.setattr("restapi.authentication.actor_from_token", has_none)
    answer = api.get(PATH)
    assert problem(answer)["code"] == "service/unavailable"
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert SECRET not in answer.text
