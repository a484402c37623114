"""How often an agent may call."""

import pytest

from foundation.call_limits import CallLimit
from foundation.errors import QuotaExceeded


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock in the test's hand."""
    return Clock()


@pytest.fixture
def limit(clock: Clock) -> CallLimit:
    """Three calls at once, then two a second."""
    return CallLimit(burst=3, per_second=2, clock=clock)


def calls(limit: CallLimit, who: str, times: int) -> int:
    """How many of `times` calls were allowed."""
    allowed = 0
    for _ in range(times):
        try:
            limit.take(who)
        except QuotaExceeded:
            continue
        allowed += 1
    return allowed


def test_a_burst_is_allowed_and_then_no_more(limit: CallLimit) -> None:
    assert calls(limit, "a", 10) == 3


def test_the_refusal_says_how_long_to_wait(limit: CallLimit) -> None:
    calls(limit, "a", 3)
    with pytest.raises(QuotaExceeded) as caught:
        limit.take("a")
    assert caught.value.as_problem()["retryAfter"] == 1
    assert caught.value.hint == "Wait 1 s, then try again."


def test_time_gives_calls_back_up_to_the_burst(limit: CallLimit, clock: Clock) -> None:
    calls(limit, "a", 3)
    clock.now += 0.5
    assert calls(limit, "a", 10) == 1
    clock.now += 3600
    assert calls(limit, "a", 10) == 3


def test_each_agent_has_its_own(limit: CallLimit) -> None:
    assert calls(limit, "a", 10) == 3
    assert calls(limit, "b", 10) == 3


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.call_limits.KEPT_CALLERS", 5)
    limit = CallLimit()
    for number in range(100):
        limit.take(number)
    assert len(limit._buckets) == 5
