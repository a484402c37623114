"""Idempotency-Key on every write of the table, and what a broken connection leaves."""

import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from pytest import Subtests

from restapi.routes import ROUTES
from restapi.routes.route import Route
from tests.audit_trail import trail
from tests.oauth_client import reach
from tests.people import CANARY, Somebody
from tests.racing import race
from tests.restapi.conftest import ADMIN, TokenOf
from tests.restapi.program import Program, state
from tests.restapi.requests import sent, wish
from tests.storage import owner_sql

REPEATABLE = [route for route in ROUTES if route.writes and route.repeatable]
# One request is like any other: there is nothing to say in it.
ALWAYS_THE_SAME = frozenset({"rotateTenantKey"})
# Where a request of fresh things says the same as the one before.
OTHERWISE: dict[str, dict[str, Any]] = {
    "changeSettings": {"selfApproval": False},
    "revokeLeases": {"whose": "mine"},
}
STORED = {"key": "new-key", "type": "api-key", "value": CANARY}
PATIENCE = 30.0


@pytest.fixture
def token(owner: Somebody, token_of: TokenOf) -> str:
    return token_of(owner, ADMIN)


@pytest.fixture
def program(http: httpx2.Client, owner: Somebody, token: str) -> Program:
    return Program(http, owner, token)


def test_every_write_is_done_once_and_answered_the_same(
    program: Program, subtests: Subtests
) -> None:
    for route in REPEATABLE:
        with subtests.test(route=route.name):
            request = sent(route, wish(route, program.owners_only(route)))
            first = program.send(request, Idempotency_Key=route.name)
            assert first.status_code == route.done, first.text
            after = state()
            again = program.send(request, Idempotency_Key=route.name)
            assert state() == after
            _require_the_same(route, first, again)
            if route.name not in ALWAYS_THE_SAME:
                _require_refused(program, route)


def _require_the_same(route: Route, first: httpx2.Response, again: httpx2.Response) -> None:
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (first.status_code, "true")
    assert again.headers.get("ETag") == first.headers.get("ETag")
    if not first.content:
        assert not again.content
        return
    secret = {"secret"} & set(first.json())
    assert again.json() == first.json() | dict.fromkeys(secret)
    kept = str(owner_sql("SELECT body FROM kept_answer"))
    for member in route.again:
        assert first.json()[member] not in kept


def _require_refused(program: Program, route: Route) -> None:
    """Another request under the same key."""
    members = wish(route, program.owners_only(route))
    members |= OTHERWISE.get(route.name, {})
    before = state()
    other = program.send(sent(route, members), Idempotency_Key=route.name)
    assert (other.status_code, other.json()["code"]) == (422, "input/invalid")
    assert state() == before


def test_many_at_the_same_moment_are_one(http: httpx2.Client, token: str, owner: Somebody) -> None:
    def send() -> httpx2.Response:
        with reach(str(http.base_url)) as own:
            return own.post("/api/v1/credentials", json=STORED, headers=_headers(token))

    answers: list[httpx2.Response] = race(*[send] * 6)

    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer.json() for answer in answers if answer.status_code == 201]
    assert done
    assert done == [done[0]] * len(done)
    assert all("Retry-After" in one.headers for one in answers if one.status_code == 409)
    assert len(trail(owner.console.tenant_id, event="credential.created")) == 1


def test_who_hung_up_before_the_answer_may_ask_again(
    http: httpx2.Client, token: str, owner: Somebody
) -> None:
    """Whether it was done, nobody knows who hung up; with the key it does not matter."""
    body = json.dumps(STORED)
    place = urlsplit(str(http.base_url))
    headers = {**_headers(token), "Host": place.netloc, "Content-Type": "application/json"}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(
        ["POST /api/v1/credentials HTTP/1.1", *lines, f"Content-Length: {len(body)}"]
    )
    with socket.create_connection((place.hostname, place.port)) as line:
        line.sendall(f"{head}\r\n\r\n{body}".encode())

    end = time.monotonic() + PATIENCE
    while True:
        answer = http.post("/api/v1/credentials", json=STORED, headers=_headers(token))
        if answer.status_code != 409 or time.monotonic() > end:
            break
    assert (answer.status_code, answer.json()["key"]) == (201, "new-key")
    assert len(trail(owner.console.tenant_id, event="credential.created")) == 1


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": "deploy-4711"}
