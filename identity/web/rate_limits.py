"""Rate limits in moving windows: shared in Redis, or in this process's memory without it.

The limits themselves are in `foundation/rate_limits.py`.
"""

import math
import time
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from typing import TypeVar

from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from foundation.circuit_breaker import Breaker

REGISTER = "register"
REGISTER_FAILED = "register_failed"
TOKEN = "token"
CONSENT = "consent"
SINGLE_SIGN_ON = "single_sign_on"
SIGN_IN_FAILED_HERE = "sign_in_failed_here"
SIGN_IN_FAILED_ACCOUNT = "sign_in_failed_account"
SIGN_IN_FAILED_GUESSED = "sign_in_failed_guessed"
SIGN_IN_FAILED_BROWSER = "sign_in_failed_browser"

REMEMBERED = 10_000  # counters in memory, so that many networks cannot fill it

T = TypeVar("T")


def spend(name: str, whom: str) -> int | None:
    """Count one attempt. None when it is allowed, else the seconds to wait."""
    return _windows().wait(name, whom, MovingWindowRateLimiter.hit)


def exhausted(name: str, whom: str) -> int | None:
    """As `spend`, but without counting, for attempts that are counted by their outcome."""
    return _windows().wait(name, whom, MovingWindowRateLimiter.test)


class Windows:
    """Counters that processes share. While Redis does not answer, each process has its own, so that
    there is still a limit and nothing waits.
    """

    def __init__(self, server: str, timeout: float) -> None:
        pool = ConnectionPool.from_url(
            server,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._shared = MovingWindowRateLimiter(
            RedisStorage(server, connection_pool=pool, key_prefix="limit")
        )
        self._memory = MemoryStorage()
        self._local = MovingWindowRateLimiter(self._memory)
        self._breaker = Breaker(what="the store of rate limits")

    def wait(
        self,
        name: str,
        whom: str,
        allows: Callable[[MovingWindowRateLimiter, RateLimitItem, str], bool],
    ) -> int | None:
        """The longest wait in seconds of the rates that do not allow it; None when all do."""
        key = f"{name}:{sha256(whom.encode()).hexdigest()}"  # `whom` comes from outside
        waits = [
            wait
            for rate in _rates(name)
            if (wait := self._ask(partial(_wait, rate=rate, key=key, allows=allows)))
        ]
        return max(waits, default=None)

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        if self._breaker.allows():
            try:
                answer = question(self._shared)
            except (RedisError, OSError):
                self._breaker.fail()
            else:
                self._breaker.succeed()
                return answer
        if len(self._memory.events) > REMEMBERED:
            self._memory.reset()
        return question(self._local)


def _wait(
    limiter: MovingWindowRateLimiter,
    rate: RateLimitItem,
    key: str,
    allows: Callable[[MovingWindowRateLimiter, RateLimitItem, str], bool],
) -> int | None:
    if allows(limiter, rate, key):
        return None
    free_at = limiter.get_window_stats(rate, key).reset_time
    return max(math.ceil(free_at - time.time()), 1)


def _rates(name: str) -> list[RateLimitItem]:
    return [
        RateLimitItemPerSecond(most, seconds) for most, seconds in settings.IDENTITY_LIMITS[name]
    ]


@cache
def _windows() -> Windows:
    """The connections, breaker and memory of this process."""
    return Windows(settings.REDIS_URL, settings.REDIS_TIMEOUT)
