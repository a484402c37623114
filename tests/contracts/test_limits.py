"""Every limit is a row of one table: used, settable, documented, and held without Redis."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account import app_settings
from allauth.core.internal.ratelimit import parse_rates as library_rates
from django.conf import settings
from django.test import override_settings

import identity.web.rate_limits
from foundation.rate_limits import BY_NAME, LIMITS, parse_rates
from identity.web.rate_limits import REGISTER, REGISTER_FAILED, Windows, exhausted, spend
from tests.vaultsite.frozen import FrozenServer

# What the library limits besides, at addresses that are not mounted.
NOT_MOUNTED = {
    "change_phone",
    "manage_email",
    "signup",
    "request_login_code",
    "confirm_email",
    "verify_phone",
}
TABLE_ROW = re.compile(r"\| `(VAULTSITE_LIMIT_\w+)` \| `(.+?)` \| (.+?) \| (.+?) \| (.+?) \|")


@pytest.fixture
def production(database: None) -> Iterator[None]:
    """The table's own limits, which development widens."""
    limits = {
        name: [(rate.amount, rate.get_expiry()) for rate in parse_rates(BY_NAME[name].rates)]
        for name in settings.IDENTITY_LIMITS
    }
    with override_settings(IDENTITY_LIMITS=limits):
        yield


def test_the_document_shows_the_table() -> None:
    text = (Path(settings.BASE_DIR) / "docs/limits.md").read_text("utf-8")

    assert TABLE_ROW.findall(text) == [
        (one.setting, one.rates, one.per, one.what, one.reason) for one in LIMITS
    ]


def test_each_row_is_enforced_by_this_product_or_by_its_library() -> None:
    ours = set(settings.IDENTITY_LIMITS)
    used = {
        value
        for name, value in vars(identity.web.rate_limits).items()
        if name.isupper() and isinstance(value, str)
    }
    theirs = {
        (rate.amount, rate.duration, rate.per)
        for action in settings.ACCOUNT_RATE_LIMITS
        for rate in library_rates(settings.ACCOUNT_RATE_LIMITS[action])
    }
    per = {"network": "ip", "person": "user", "account": "key"}
    expected = {
        (rate.amount, rate.get_expiry(), per[one.per])
        for one in LIMITS
        if one.name not in ours
        for rate in parse_rates(one.rates)
    }

    assert used == ours
    assert theirs == expected


def test_what_the_library_limits_is_in_the_table_or_not_mounted() -> None:
    assert set(app_settings.RATE_LIMITS) - set(settings.ACCOUNT_RATE_LIMITS) == NOT_MOUNTED


def test_500_people_behind_one_address_register_within_minutes(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    assert [spend(REGISTER, "192.0.2.1") for _ in range(120)] == [None] * 120
    assert spend(REGISTER, "192.0.2.1") == 60
    for _ in range(500):
        now += 0.55
        spend(REGISTER_FAILED, "192.0.2.1")  # a program of somebody's tries in vain all the time
        if exhausted(REGISTER, "192.0.2.1") is None:
            spend(REGISTER, "192.0.2.1")
    now += 60

    assert exhausted(REGISTER, "192.0.2.1") is None
    assert exhausted(REGISTER_FAILED, "192.0.2.1") is not None
    assert spend(REGISTER, "192.0.2.2") is None


def test_a_frozen_server_is_asked_once_and_a_local_bound_holds(database: None) -> None:
    server = FrozenServer()
    try:
        windows = Windows(server.url, 0.1)
        with override_settings(IDENTITY_LIMITS={"register": [(3, 60)]}):
            waits = [
                windows.wait(
                    "register", "192.0.2.1", lambda limiter, rate, key: limiter.hit(rate, key)
                )
                for _ in range(5)
            ]
        assert [wait is None for wait in waits] == [True, True, True, False, False]
        assert len(server.taken) == 1
    finally:
        server.close()


@pytest.mark.parametrize("text", ["", "0/minute", "many", "5", "5/fortnight", "5/minute; drop"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be rates"):
        parse_rates(text)
