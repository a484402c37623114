"""Live pages cost strangers nothing, and their places are shared."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from console.live.authorization import LiveAuthorization
from console.live.connections import (
    MOST_PER_PERSON,
    MOST_PER_TENANT,
    SIGNED_OUT,
    TOO_MANY,
    ConnectionRefused,
    LiveConnections,
)
from tests.live_pages.socket import live_page, open_socket
from tests.people import Somebody

COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The sessions that the database was asked for when a page was opened."""
    found: list[set[str]] = []

    def look(keys: set[str]) -> dict[str, Any]:
        found.append(set(keys))
        return {}

    monkeypatch.setattr("console.live.connections.live_authorizations", look)
    return found


@pytest.mark.parametrize("kept", [{}, {COOKIE: "x"}, {COOKIE: "x' OR 1=1"}, {"other": "a" * 32}])
def test_a_handshake_without_a_session_asks_nothing(
    server: str, database: None, asked: list[set[str]], kept: dict[str, str]
) -> None:
    with open_socket(server, kept, origin=settings.PUBLIC_URL) as page:
        assert page.closed() == SIGNED_OUT
    assert asked == []


def test_unknown_sessions_of_one_network_are_limited(
    server: str, owner: Somebody, asked: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "foundation.call_limits.CallLimit.has_left"
    monkeypatch.setattr(limit, lambda *_: len([keys for keys in asked if keys]) < 3)
    for number in range(3):
        with open_socket(server, {COOKIE: f"{number:032}"}, origin=settings.PUBLIC_URL) as page:
            assert page.closed() == SIGNED_OUT
    with open_socket(server, {COOKIE: "4" * 32}, origin=settings.PUBLIC_URL) as page:
        assert page.closed() == TOO_MANY


def test_a_page_of_a_person_is_not_counted(
    server: str, owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent: list[object] = []
    monkeypatch.setattr("foundation.call_limits.CallLimit.spend", lambda *args: spent.append(args))
    with live_page(server, owner):
        assert spent == []


class Places(LiveConnections):
    """Without the database: each session key names person and tenant."""

    def __init__(self, people: dict[str, LiveAuthorization]) -> None:
        super().__init__()
        self._people = people

    async def _ask(self, keys: set[str]) -> dict[str, LiveAuthorization]:
        return {key: self._people[key] for key in keys}


async def _nothing(*_: object) -> None:
    return None


def opened(places: Places, key: str, times: int) -> int:
    """How many of so many pages were opened."""

    async def open_all() -> int:
        count = 0
        for _ in range(times):
            try:
                await places.open(key, _nothing, _nothing)
            except ConnectionRefused as refused:
                assert refused.code == TOO_MANY
                break
            count += 1
        return count

    return asyncio.run(open_all())


def test_a_few_people_with_many_pages_leave_places_for_others() -> None:
    here, elsewhere = uuid4(), uuid4()
    people = {str(n): LiveAuthorization(uuid4(), here, is_admin=False) for n in range(40)}
    people["stranger"] = LiveAuthorization(uuid4(), elsewhere, is_admin=False)
    places = Places(people)

    taken = [opened(places, str(n), 100) for n in range(40)]

    assert taken[0] == MOST_PER_PERSON
    assert sum(count > 0 for count in taken) > 20
    assert sum(taken) <= MOST_PER_TENANT
    assert opened(places, "stranger", 1) == 1
    places.stop()
