"""A pause after a failure, so that a server that hangs is not waited for at every call."""

import logging
import time
from threading import Lock

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0


class Breaker:
    """After a failure nobody asks again for a while, so a frozen server is not waited for twice."""

    def __init__(self, pause: float = PAUSE_SECONDS, *, what: str = "the cache") -> None:
        self._pause = pause
        self._what = what
        self._open_until = 0.0
        self._lock = Lock()

    def allows(self) -> bool:
        """Whether to ask; when the pause is over one caller tries and the others still wait."""
        if not self._open_until:
            return True
        with self._lock:
            if time.monotonic() < self._open_until:
                return False
            self._open_until = time.monotonic() + self._pause
            return True

    def fail(self) -> None:
        """Start a pause; said once in the log, not at every call."""
        if not self._open_until:
            log.warning("%s is out of reach; this process goes on with its own memory", self._what)
        self._open_until = time.monotonic() + self._pause

    def succeed(self) -> None:
        """Ask again from now on."""
        if self._open_until:
            log.warning("%s is back", self._what)
            self._open_until = 0.0
