"""How often somebody may try: fixed windows, counted in the cache."""

import time
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache

REGISTER = "register"
TOKEN = "token"
CONSENT = "consent"
SINGLE_SIGN_ON = "single_sign_on"


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` times in `seconds`."""

    most: int
    seconds: int

    def counter(self, name: str, whom: str, now: float) -> str:
        window = int(now) // self.seconds
        # Hashed, because cache keys are logged when they do not fit and `whom` is from outside.
        return f"limit:{name}:{self.seconds}:{window}:{sha256(whom.encode()).hexdigest()}"

    def remaining(self, now: float) -> int:
        return self.seconds - int(now) % self.seconds


def spend(name: str, whom: str) -> int | None:
    """Count one try. None when it is allowed, else the seconds to wait."""
    now = time.time()
    waits = [
        window.remaining(now)
        for window in _windows(name)
        if _count(window.counter(name, whom, now), window.seconds) > window.most
    ]
    return max(waits, default=None)


def exhausted(name: str, whom: str) -> int | None:
    """As `spend`, without counting: for what only failures are counted of."""
    now = time.time()
    waits = [
        window.remaining(now)
        for window in _windows(name)
        if cache.get(window.counter(name, whom, now), 0) >= window.most
    ]
    return max(waits, default=None)


def _count(counter: str, seconds: int) -> int:
    cache.add(counter, 0, timeout=seconds)
    try:
        return int(cache.incr(counter))
    except ValueError:  # the window ended between the two
        return 1


def _windows(name: str) -> list[Window]:
    return [Window(most, seconds) for most, seconds in settings.IDENTITY_LIMITS[name]]
