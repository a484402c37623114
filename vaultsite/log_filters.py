"""What the log leaves out: request details that may be secret, and repetitions."""

import logging
import time
from threading import Lock

from foundation.bounded_dict import BoundedDict
from foundation.safe_traceback import safe_traceback

QUOTING = ("django.request", "django.security")


class RequestRedaction(logging.Filter):
    """Keeps status, error type and location of a failed request; drops paths, hosts and messages.

    A path may carry the key of a password reset, an exception the value that caused it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(QUOTING):
            error = record.exc_info[1] if record.exc_info else None
            status = getattr(record, "status_code", "refused")
            record.msg = f"{status} {safe_traceback(error) if error else ''}".rstrip()
            record.args = ()
            record.exc_info = record.exc_text = None
        return True


# Libraries that report a lost connection at every attempt, with a traceback each time.
REPETITIVE = ("celery", "kombu", "redis", "psycopg.pool", "vaultsite.due_scheduler")
QUIET_SECONDS = 60.0
KEPT_CAUSES = 512


class RepetitionFilter(logging.Filter):
    """Keeps one warning a minute for each cause and says how many it left out.

    A cause is a logger with its text; for REPETITIVE libraries it is the unfilled message, because
    the text counts attempts, and only its first line is kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._seen = BoundedDict[tuple[str, str, str], tuple[float, int]](KEPT_CAUSES)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        repetitive = record.name.startswith(REPETITIVE)
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        cause = (record.name, str(record.msg) if repetitive else record.getMessage(), error)
        left_out = self._count(cause)
        if left_out is None:
            return False
        if repetitive:
            _shorten(record, error)
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} more since the last line)"
            record.args = ()
        return True

    def _count(self, cause: tuple[str, str, str]) -> int | None:
        """How many records were left out since the last one; None to leave out this one too."""
        now = time.monotonic()
        with self._lock:
            since, left_out = self._seen.get(cause, (float("-inf"), 0))
            if now - since < QUIET_SECONDS:
                self._seen[cause] = (since, left_out + 1)
                return None
            self._seen[cause] = (now, 0)
            return left_out


def _shorten(record: logging.LogRecord, error: str) -> None:
    """One line, with the error's type in place of its traceback."""
    lines = record.getMessage().splitlines() or [""]
    record.msg = f"{lines[0]} [{error}]" if error else lines[0]
    record.args = ()
    record.exc_info = record.exc_text = record.stack_info = None
