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
from console.live.connections import FEW_PER_PERSON, MOST, MOST_PER_PERSON, MOST_PER_TENANT
from console.live.socket import REFUSED, REFUSED_PER_SECOND
from foundation.call_limits import BURST, PER_SECOND
from foundation.rate_limits import LIMITS, parse_rates
from foundation.schema.strict_json import MAXIMUM_BODY, MAXIMUM_IMPORT
from identity.web.rate_limits import REGISTER, REGISTER_FAILED, Windows, exhausted, spend
from restapi.authentication import CALL_LIMIT
from tests.usual_limits import usual_limits
from tests.vaultsite.frozen import FrozenServer
from vaultsite.environment import Environment

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
    with usual_limits():
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


# -- the web process ----------------------------------------------------------------------------

WEB_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def web_rows() -> list[tuple[str, ...]]:
    """Limit, value, setting, proxy and reason of each row."""
    text = (Path(settings.BASE_DIR) / "docs/limits.md").read_text("utf-8")
    section = text.partition("## The web process")[2].partition("\n## ")[0]
    rows = [tuple(map(str.strip, row)) for row in WEB_ROW.findall(section)]
    return rows[1:] if rows[0][0] == "limit" else rows


@pytest.mark.parametrize("row", web_rows(), ids=lambda row: row[0])
def test_a_row_says_what_the_code_and_the_proxys_file_say(row: tuple[str, ...]) -> None:
    limit, value, setting, proxy, reason = row
    root = Path(settings.BASE_DIR)
    assert reason
    site = (root / "deploy/nginx.conf").read_text("utf-8")
    for directive in re.findall(r"`([^`]+)`", proxy):
        assert f"{directive};" in site, limit
    guide = (root / "docs/operations.md").read_text("utf-8")
    for name in re.findall(r"`([^`]+)`", setting):
        if name.startswith("--"):
            assert name in guide
            continue
        field = Environment.model_fields[name.removeprefix("VAULTSITE_").lower()]
        assert str(field.default) in f"{value} {reason}", limit


def test_every_bound_of_requests_with_a_setting_is_in_the_table() -> None:
    said = " ".join(setting for _, _, setting, *_ in web_rows())
    for name in Environment.model_fields:
        if name.startswith(("request_", "import_", "web_", "arriving_")):
            assert f"VAULTSITE_{name.upper()}" in said


def test_what_the_code_bounds_without_a_setting_is_what_the_table_says() -> None:
    values = {limit: value for limit, value, *_ in web_rows()}
    assert f"{MAXIMUM_BODY // 1024} KiB" in values["a body"]
    assert f"{MAXIMUM_IMPORT // 1024 // 1024} MiB" in values["a body of an import"]
    assert f"{BURST} at once, then {PER_SECOND} a second" in values["tool calls of one agent"]
    rest = CALL_LIMIT
    assert (
        f"{rest._burst} at once, then {rest._per_second} a second"
        in (values["calls of one person or service account over REST"])
    )
    places = values["live pages"]
    for number in (MOST, MOST_PER_TENANT, MOST_PER_PERSON, FEW_PER_PERSON):
        assert str(number) in places
    unknown = values["live pages with an unknown session"]
    assert f"{REFUSED} of one network at once, then {REFUSED_PER_SECOND} a second" in unknown
