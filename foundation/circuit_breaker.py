"""A pause after a failure, so that calls do not each wait for a server that hangs."""

import logging
import time
from threading import Lock

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0


class Breaker:
    """Allows no call for a while after a failure."""

    def __init__(self, pause: float = PAUSE_SECONDS, *, what: str = "the cache") -> None:
        self._pause = pause
        self._what = what
        self._open_until = 0.0
        self._lock = Lock()

    def allows(self) -> bool:
        """Whether to call. After the pause one caller tries while the others still go without."""
        if not self._open_until:
            return True
        with self._lock:
            if time.monotonic() < self._open_until:
                return False
            self._open_until = time.monotonic() + self._pause
            return True

    def fail(self) -> None:
        """Start a pause; logged once, not at every call."""
        if not self._open_until:
            log.warning(
                "%s is out of reach; this process continues with its own memory", self._what
            )
        self._open_until = time.monotonic() + self._pause

    def succeed(self) -> None:
        """Allow calls again."""
        if self._open_until:
            log.warning("%s is back", self._what)
            self._open_until = 0.0
