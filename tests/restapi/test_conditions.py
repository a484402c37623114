"""If-Match: a change is made to what its caller saw, or not at all."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from pytest import Subtests

from restapi.routes import ROUTES
from restapi.routes.route import Route
from tests.contracts.acme import nowhere
from tests.people import Somebody
from tests.restapi.conftest import ADMIN, TokenOf
from tests.restapi.program import Program, state
from tests.restapi.requests import Sent, about, sent, wish

CONDITIONAL = [route for route in ROUTES if route.conditional]
FAILED = (412, "precondition/failed")
INVALID = (422, "input/invalid")
WRONG: dict[str, Callable[[int], str]] = {
    "older": lambda now: f'"{now - 1}"',
    "newer": lambda now: f'"{now + 1}"',
    "weak": lambda now: f'W/"{now}"',
    "foreign": lambda _: '"another"',
    "empty": lambda _: '""',
}
NO_TAGS = ("1", '"1', "W/1", '"1", "2"', '*, "1"', "'1'", "")


@pytest.fixture
def program(http: httpx2.Client, owner: Somebody, token_of: TokenOf) -> Program:
    return Program(http, owner, token_of(owner, ADMIN))


def shown_by(route: Route) -> Route:
    """The route that shows what this one changes."""
    shows = [
        one
        for one in ROUTES
        if one.method == "GET" and one.versioned and f"{route.path}/".startswith(f"{one.path}/")
    ]
    return max(shows, key=lambda one: len(one.path))


def refused(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_change_is_made_to_what_was_seen_or_not_at_all(
    program: Program, subtests: Subtests
) -> None:
    assert CONDITIONAL
    for route in CONDITIONAL:
        own = program.owners_only(route)
        request = sent(route, wish(route, own))
        shown = program.send(sent(shown_by(route), {p: own(p, 0) for p in route.places}))
        now = int(shown.headers["ETag"].strip('"'))
        before = state()
        for name, tag in WRONG.items():
            with subtests.test(route=route.name, tag=name):
                assert refused(program.send(request, If_Match=tag(now))) == FAILED
        for tag_like in NO_TAGS:
            with subtests.test(route=route.name, tag=tag_like):
                assert refused(program.send(request, If_Match=tag_like)) == INVALID
        assert state() == before
        with subtests.test(route=route.name, tag="current"):
            done = program.send(request, If_Match=shown.headers["ETag"])
            assert done.is_success, done.text
            assert done.headers.get("ETag") != shown.headers["ETag"]


def test_a_star_asks_for_nothing(program: Program, subtests: Subtests) -> None:
    for route in CONDITIONAL:
        with subtests.test(route=route.name):
            request = sent(route, wish(route, program.owners_only(route)))
            assert program.send(request, If_Match="*").is_success


def test_what_has_no_etag_is_not_changed_on_a_condition(
    program: Program, subtests: Subtests
) -> None:
    before = state()
    for route in (one for one in ROUTES if one.writes and not one.conditional):
        with subtests.test(route=route.name):
            request = sent(route, wish(route, _nothing(route)))
            assert refused(program.send(request, If_Match='"1"')) == FAILED
    assert state() == before


def _nothing(route: Route) -> Callable[[str, int], Any]:
    return lambda member, _: nowhere()[about(route, member)]


def test_of_two_who_saw_the_same_one_is_told(program: Program) -> None:
    (route,) = (one for one in CONDITIONAL if one.name == "updateCredential")
    key = program.owners_only(route)("key", 0)
    tag = program.send(Sent("GET", f"/api/v1/credentials/{key}", {}, None)).headers["ETag"]
    first, second = (
        Sent("PATCH", f"/api/v1/credentials/{key}", {}, {"description": word}) for word in "ab"
    )
    assert program.send(first, If_Match=tag).json()["description"] == "a"
    assert refused(program.send(second, If_Match=tag)) == FAILED
    assert program.send(second).json()["description"] == "b"
