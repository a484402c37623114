"""Leasing: for how long, and for which purpose."""

from typing import Any

import pytest

from foundation.errors import Invalid
from leases.shapes import LeaseCredential
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.people import CANARY, PURPOSE, Somebody, lease, store
from tests.refusals import refusal

DAY = 86_400


@pytest.mark.parametrize(
    ("asked", "policy", "settings", "ttl", "capped"),
    [
        (None, {}, {}, 900, False),
        (None, {"defaultTtl": "5m"}, {}, 300, False),
        (None, {"maxTtl": 60}, {}, 60, False),
        (None, {}, {"default_ttl": 30}, 30, False),
        ("90s", {"defaultTtl": "5m"}, {}, 90, False),
        (1, {}, {}, 1, False),
        ("1h", {"maxTtl": "15m"}, {}, 900, True),
        ("7d", {}, {}, DAY, True),
        ("2h", {}, {"max_ttl": 3600}, 3600, True),
        ("15m", {"maxTtl": "15m"}, {}, 900, False),
        (2**31 - 1, {}, {"max_ttl": 7 * DAY}, 7 * DAY, True),
    ],
)
def test_the_ttl_is_the_requests_then_the_credentials_then_the_tenants(
    owner: Somebody,
    asked: int | str | None,
    policy: dict[str, Any],
    settings: dict[str, Any],
    ttl: int,
    capped: bool,
) -> None:
    change_settings(owner.console, ChangeSettings(**settings))
    store(owner, policy=policy)

    more: dict[str, Any] = {} if asked is None else {"ttl": asked}
    lent = lease(owner.agent, **more)

    assert (lent.ttl_seconds, lent.capped) == (ttl, capped)


def test_a_tenant_maximum_lowered_later_caps_a_credentials_own(owner: Somebody) -> None:
    store(owner, policy={"defaultTtl": "2h", "maxTtl": "8h"})
    change_settings(owner.console, ChangeSettings(max_ttl=3600))

    assert lease(owner.agent).ttl_seconds == 3600
    assert lease(owner.agent, ttl="4h").ttl_seconds == 3600


@pytest.mark.parametrize(
    "ttl",
    [
        0,
        -1,
        2**31,
        1e400,
        60.0,
        True,
        False,
        "60",
        "",
        "0s",
        "-5m",
        "1w",
        "1h30m",
        " 5m",
        "5M",
        "٣m",
        "1e3s",
        "99999999999d",
        [],
        {"s": 5},
    ],
)
def test_a_ttl_of_any_other_kind_is_refused(ttl: object) -> None:
    error = refusal(
        lambda: LeaseCredential.parse({"key": "stripe-api-key", "purpose": PURPOSE, "ttl": ttl})
    )

    assert error.code == "input/invalid"
    assert error.extra["field"] == "ttl"


@pytest.mark.parametrize(
    "purpose",
    [
        "",
        "ab",
        "   ",
        "a  ",
        "x" * 501,
        "list\0charges",
        "list \u202egnp",
        "tag\U000e0041gy",
        "line\rfeed",
        None,
        7,
    ],
)
def test_a_purpose_that_says_nothing_or_hides_something_is_refused(purpose: object) -> None:
    error = refusal(lambda: LeaseCredential.parse({"key": "stripe-api-key", "purpose": purpose}))

    assert error.code == "input/invalid"
    assert error.extra["field"] == "purpose"
    if isinstance(purpose, str) and purpose.strip():
        assert purpose not in str(error.as_problem())


def test_an_unknown_argument_is_refused_without_an_echo() -> None:
    error = refusal(lambda: LeaseCredential.parse({"key": "k", "purpose": PURPOSE, CANARY: CANARY}))

    assert isinstance(error, Invalid)
    assert CANARY not in str(error.as_problem())
