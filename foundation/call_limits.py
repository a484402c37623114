"""How often somebody may call: a token bucket each, in this process's memory."""

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from foundation.bounded_dict import BoundedDict
from foundation.errors import QuotaExceeded

# Far above what a model needs, below what would starve others.
BURST = 5000
PER_SECOND = 500
KEPT_CALLERS = 10_000


@dataclass(slots=True)
class Bucket:
    """The calls that a caller has left, as of `at` (monotonic seconds)."""

    left: float
    at: float


class CallLimit:
    """A bucket per caller; the least recently used are dropped, which refills them."""

    def __init__(
        self,
        burst: int = BURST,
        per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clock = clock
        self._buckets = BoundedDict[Hashable, Bucket](KEPT_CALLERS)
        self._lock = Lock()

    def take(self, caller: Hashable) -> None:
        """Count one call; QuotaExceeded with `retryAfter` in seconds above the limit."""
        with self._lock:
            bucket = self._filled(caller)
            if bucket.left >= 1:
                bucket.left -= 1
                return
        wait = math.ceil((1 - bucket.left) / self._per_second)
        raise QuotaExceeded(
            "Too many calls in a short time.",
            hint=f"Wait {wait} s, then try again.",
            retryAfter=wait,
        )

    def has_left(self, caller: Hashable) -> bool:
        """Whether the caller may call, without counting it."""
        with self._lock:
            return self._filled(caller).left >= 1

    def spend(self, caller: Hashable) -> None:
        """Count something that happened, allowed or not."""
        with self._lock:
            bucket = self._filled(caller)
            bucket.left = max(bucket.left - 1, 0)

    def _filled(self, caller: Hashable) -> Bucket:
        now = self._clock()
        bucket = self._buckets.get(caller) or Bucket(self._burst, now)
        self._buckets[caller] = bucket
        gained = (now - bucket.at) * self._per_second
        bucket.left, bucket.at = min(self._burst, bucket.left + gained), now
        return bucket
