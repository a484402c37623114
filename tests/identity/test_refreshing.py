"""Refresh tokens: rotated, with a leeway, and ended by a replay."""

from datetime import timedelta

import httpx2
import pytest
from django.conf import settings
from django.db.models import F
from django.test import override_settings

from identity.models import Consent, RefreshToken
from tests.identity.conftest import connected, registered
from tests.identity.looking import holds, log, who_is
from tests.oauth_client import OAuthClient, Tokens
from tests.people import Somebody, lease


def leeway(seconds: int) -> override_settings:
    """Another leeway for the block."""
    changed = settings.ENVIRONMENT.model_copy(update={"refresh_leeway_seconds": seconds})
    return override_settings(ENVIRONMENT=changed)


def age(**moments: timedelta) -> None:
    """Let time pass: move what every refresh token and consent remembers into the past."""
    for model in (RefreshToken, Consent):
        fields = {field.name for field in model._meta.get_fields()}
        past = {name: F(name) - by for name, by in moments.items() if name in fields}
        if past:
            model.objects.update(**past)


def renewed(client: OAuthClient, token: str | None) -> Tokens:
    """The next pair."""
    return client.tokens(client.refresh(token or ""))


def test_each_refresh_gives_a_new_pair_of_the_same_family(
    client: OAuthClient, tokens: Tokens
) -> None:
    second = renewed(client, tokens.refresh)
    third = renewed(client, second.refresh)

    assert len({tokens.refresh, second.refresh, third.refresh}) == 3
    assert who_is(third.access).agent_id == who_is(tokens.access).agent_id
    assert Consent.objects.count() == 1


def test_a_token_just_replaced_still_works_five_times_in_all(
    client: OAuthClient, tokens: Tokens
) -> None:
    pairs = [renewed(client, tokens.refresh) for _ in range(5)]

    sixth = client.refresh(tokens.refresh or "")

    assert sixth.json()["error"] == "invalid_grant"
    assert all(holds(pair.access) for pair in pairs)
    assert renewed(client, pairs[0].refresh)


def test_a_replay_after_the_leeway_ends_the_family_and_its_leases(
    client: OAuthClient, tokens: Tokens, owner: Somebody
) -> None:
    from tests.people import store

    second = renewed(client, tokens.refresh)
    store(owner)
    lease(who_is(second.access))
    age(replaced_at=timedelta(seconds=31))

    replay = client.refresh(tokens.refresh or "")

    assert replay.json()["error"] == "invalid_grant"
    assert not holds(second.access)
    assert client.refresh(second.refresh or "").status_code == 400
    (entry,) = log("token.reused", owner.console.tenant_id)
    assert entry.details["reason"] == "refresh token reused"
    assert len(log("lease.revoked", owner.console.tenant_id)) == 1


def test_with_leeway_0_the_second_use_is_a_replay(client: OAuthClient, tokens: Tokens) -> None:
    with leeway(0):
        second = renewed(client, tokens.refresh)
        assert client.refresh(tokens.refresh or "").status_code == 400
    assert not holds(second.access)


def test_a_stranger_who_replays_ends_nothing(
    client: OAuthClient, tokens: Tokens, http: httpx2.Client
) -> None:
    second = renewed(client, tokens.refresh)
    age(replaced_at=timedelta(hours=1))

    stranger = registered(http)

    assert stranger.refresh(tokens.refresh or "").json()["error"] == "invalid_grant"
    assert holds(second.access)


def test_an_unused_token_lasts_thirty_days(client: OAuthClient, tokens: Tokens) -> None:
    age(expires_at=timedelta(days=29, hours=23))
    second = renewed(client, tokens.refresh)
    age(expires_at=timedelta(days=30))
    assert client.refresh(second.refresh or "").json()["error"] == "invalid_grant"


def test_a_consent_lasts_ninety_days_however_often_it_is_used(
    client: OAuthClient, tokens: Tokens
) -> None:
    age(refresh_until=timedelta(days=89))
    second = renewed(client, tokens.refresh)
    (left,) = RefreshToken.objects.filter(replaced_at=None).values_list("expires_at", flat=True)
    assert left == Consent.objects.get().refresh_until
    age(refresh_until=timedelta(days=1))
    assert client.refresh(second.refresh or "").status_code == 400


def test_narrowing_one_refresh_does_not_narrow_the_next(
    client: OAuthClient, tokens: Tokens
) -> None:
    narrow = client.tokens(client.refresh(tokens.refresh or "", scope="vault:read"))
    assert narrow.scope == "vault:read"
    assert who_is(narrow.access).scopes == {"vault:read"}
    assert renewed(client, narrow.refresh).scope == tokens.scope


@pytest.mark.parametrize("scope", ["vault:admin", "offline_access", "everything"])
def test_a_refresh_cannot_ask_for_more_nor_for_nothing(
    client: OAuthClient, tokens: Tokens, scope: str
) -> None:
    answer = client.refresh(tokens.refresh or "", scope=scope)
    assert answer.json()["error"] == "invalid_scope"
    assert renewed(client, tokens.refresh)


def test_a_refresh_cannot_change_the_resource(client: OAuthClient, tokens: Tokens) -> None:
    for resource in (settings.REST_RESOURCE, "https://evil.example/", "x"):
        answer = client.refresh(tokens.refresh or "", resource=resource)
        assert answer.json()["error"] == "invalid_target"
    assert renewed(client, tokens.refresh)


def test_the_token_before_goes_on_until_it_ends_by_itself(
    client: OAuthClient, tokens: Tokens
) -> None:
    renewed(client, tokens.refresh)
    assert holds(tokens.access)


def test_two_clients_of_one_person_do_not_touch_each_other(
    client: OAuthClient, tokens: Tokens, http: httpx2.Client, browser: httpx2.Client
) -> None:
    other = registered(http)
    others = connected(other, browser)
    client.revoke(tokens.refresh or "")
    assert not holds(tokens.access)
    assert holds(others.access)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"refresh_token": "nonsense"}, "invalid_grant"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"scope": "vault:admin"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
        ({"refresh_token": None}, "invalid_request"),
    ],
)
def test_a_refusal_says_why_and_nothing_that_a_stranger_does_not_know(
    client: OAuthClient, tokens: Tokens, changes: dict[str, str | None], error: str
) -> None:
    told = client.refresh(tokens.refresh or "", **changes).json()
    assert told["error"] == error
    assert len(told["error_description"]) > 10
    assert "nonsense" not in told["error_description"]


def test_unknown_and_used_codes_are_described_alike(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    code = client.code(browser)
    client.tokens(client.redeem(code))
    assert client.redeem(code).json() == client.redeem("unknown").json()


def test_every_endpoint_describes_its_errors(http: httpx2.Client) -> None:
    for path in ("token", "revoke", "introspect", "register"):
        for body in ({}, {"client_id": "nobody", "token": "x", "grant_type": "refresh_token"}):
            told = http.post(f"/oauth/{path}", data=body)
            if told.status_code != 200:
                assert told.json()["error_description"], path
