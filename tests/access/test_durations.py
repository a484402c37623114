"""Durations: whole seconds or one number and a unit, and nothing else."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Invalid
from foundation.schema.durations import LONGEST, UNITS, format_duration, parse_duration


@pytest.mark.parametrize(
    ("given_value", "seconds"),
    [
        (1, 1),
        (900, 900),
        (LONGEST, LONGEST),
        ("1s", 1),
        ("90s", 90),
        ("15m", 900),
        ("1h", 3600),
        ("7d", 604_800),
        ("007m", 420),
    ],
)
def test_seconds_and_units_are_read(given_value: object, seconds: int) -> None:
    assert parse_duration(given_value, field="ttl") == seconds


@pytest.mark.parametrize(
    "wrong",
    [
        0,
        -1,
        LONGEST + 1,
        2**63,
        10**400,
        0.5,
        60.0,
        1e400,
        float("nan"),
        True,
        False,
        None,
        "",
        "60",
        "-1s",
        "+1s",
        "1.5h",
        " 1h",
        "1h ",
        "1h\n",
        "1 h",
        "1H",
        "1w",
        "h",
        "1h30m",
        "٣m",
        "1ｈ",
        "0s",
        "99999d",
        "9" * 5000 + "s",
        b"1h",
        ["1h"],
        {"seconds": 1},
        Decimal(60),
    ],
)
def test_everything_else_is_refused_by_rule(wrong: object) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_duration(wrong, field="ttl")
    assert refusal.value.code == "input/invalid"
    assert refusal.value.field == "ttl"


def test_a_window_may_be_zero() -> None:
    assert parse_duration(0, field="window", minimum=0) == 0
    assert parse_duration("0s", field="window", minimum=0) == 0
    with pytest.raises(Invalid):
        parse_duration(-1, field="window", minimum=0)


@given(st.integers(min_value=1, max_value=10**12), st.sampled_from(sorted(UNITS)))
def test_a_number_and_a_unit_mean_their_product_or_nothing(number: int, unit: str) -> None:
    product = number * UNITS[unit]
    if product <= LONGEST and number < 10**10:
        assert parse_duration(f"{number}{unit}", field="ttl") == product
    else:
        with pytest.raises(Invalid):
            parse_duration(f"{number}{unit}", field="ttl")


@given(st.text())
def test_no_refusal_shows_what_was_given(text: str) -> None:
    marked = f"CANARY{text}"
    with pytest.raises(Invalid) as refusal:
        parse_duration(marked, field="ttl")
    assert "CANARY" not in str(refusal.value.as_problem())


@given(st.integers(min_value=1, max_value=LONGEST))
def test_the_text_of_a_duration_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds), field="ttl") == seconds


def test_the_text_is_in_the_largest_unit_that_fits() -> None:
    assert [format_duration(seconds) for seconds in (900, 5400, 604_800, 61)] == [
        "15m",
        "90m",
        "7d",
        "61s",
    ]
