"""Parallel requests against a real PostgreSQL: one winner, no orphan rows, no 500."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx2
import pytest
from django.db import connection
from oauth2_provider.oauth2_backends import get_oauthlib_core

from identity.models import AccessToken, RefreshToken
from tests.identity.conftest import OFFLINE, connected
from tests.identity.looking import holds, log
from tests.identity.test_refreshing import leeway
from tests.oauth_client import OAuthClient, Tokens, decide
from tests.people import Somebody

AT_ONCE = 8
ROUNDS = 3


class Crowd:
    """AT_ONCE threads whose requests have all arrived before the first one is answered."""

    def __init__(self) -> None:
        self.gate: Barrier | None = None

    def ask(self, request: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
        """Everybody's answer."""
        self.gate = Barrier(AT_ONCE)

        def one(_: int) -> httpx2.Response:
            try:
                return request()
            finally:
                connection.close()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(one, range(AT_ONCE)))
        self.gate = None
        return answers


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    """Gates the token endpoint just behind where requests are noted as arrived."""
    many = Crowd()
    engine: Any = get_oauthlib_core

    def engine_after_the_gate() -> Any:
        if many.gate is not None:
            many.gate.wait(20)
        return engine()

    monkeypatch.setattr(
        "identity.authorization_server.endpoints.get_oauthlib_core", engine_after_the_gate
    )
    return many


def split(answers: list[httpx2.Response]) -> tuple[list[httpx2.Response], list[httpx2.Response]]:
    """Those that got tokens, and those that were refused; nothing else may happen."""
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [answer for answer in answers if answer.status_code == 400]
    assert len(won) + len(lost) == AT_ONCE, [answer.status_code for answer in answers]
    assert all(answer.json()["error"] == "invalid_grant" for answer in lost)
    return won, lost


def test_a_code_redeemed_in_parallel_has_one_winner_who_keeps_the_tokens(
    client: OAuthClient, crowd: Crowd, browser: httpx2.Client
) -> None:
    for number in range(1, ROUNDS + 1):
        code = client.code(browser, OFFLINE)
        won, _ = split(crowd.ask(lambda code=code: client.redeem(code)))  # type: ignore[misc]
        assert len(won) == 1
        assert holds(won[0].json()["access_token"])
        assert AccessToken.objects.count() == RefreshToken.objects.count() == number


def test_a_replay_afterwards_ends_what_the_winner_got(
    client: OAuthClient, browser: httpx2.Client, owner: Somebody
) -> None:
    code = client.code(browser, OFFLINE)
    tokens = client.tokens(client.redeem(code))
    assert client.redeem(code).json()["error"] == "invalid_grant"
    assert not holds(tokens.access)
    assert client.refresh(tokens.refresh or "").status_code == 400
    (entry,) = log("token.reused", owner.console.tenant_id)
    assert entry.details["reason"] == "authorization code reused"


def test_parallel_refreshes_with_leeway_0_have_one_winner_who_keeps_the_tokens(
    client: OAuthClient, crowd: Crowd, tokens: Tokens
) -> None:
    with leeway(0):
        for _ in range(ROUNDS):
            token = tokens.refresh or ""
            won, _lost = split(crowd.ask(lambda token=token: client.refresh(token)))  # type: ignore[misc]
            assert len(won) == 1
            tokens = client.tokens(won[0])
            assert holds(tokens.access)


def test_parallel_refreshes_with_leeway_30_give_five_pairs_of_a_living_family(
    client: OAuthClient, crowd: Crowd, tokens: Tokens
) -> None:
    won, lost = split(crowd.ask(lambda: client.refresh(tokens.refresh or "")))

    assert (len(won), len(lost)) == (5, 3)
    assert all(holds(answer.json()["access_token"]) for answer in won)
    for answer in won:
        assert client.refresh(answer.json()["refresh_token"]).status_code == 200


def test_a_replay_beside_honest_refreshes_leaves_nothing_alive(
    client: OAuthClient, crowd: Crowd, browser: httpx2.Client
) -> None:
    """The family's end and a rotation race; whichever is first, no token outlives the end."""
    with leeway(0):
        for _ in range(ROUNDS):
            first = connected(client, browser)
            second = client.tokens(client.refresh(first.refresh or ""))
            used = [first.refresh or "", second.refresh or ""] * (AT_ONCE // 2)
            answers = crowd.ask(lambda used=used: client.refresh(used.pop()))  # type: ignore[misc]
            won, _lost = split(answers)
            assert not any(holds(answer.json()["access_token"]) for answer in won)
            assert not holds(second.access)


def test_one_decision_gives_one_code(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: decide(browser, page), range(AT_ONCE)))
    codes = [answer for answer in answers if answer.status_code == 302]
    assert len(codes) == 1
    assert {answer.status_code for answer in answers} == {302, 400}


@pytest.mark.full
def test_two_hundred_rounds(client: OAuthClient, crowd: Crowd, browser: httpx2.Client) -> None:
    for _ in range(200):
        code = client.code(browser)
        won, _ = split(crowd.ask(lambda code=code: client.redeem(code)))  # type: ignore[misc]
        assert len(won) == 1
        assert holds(won[0].json()["access_token"])
