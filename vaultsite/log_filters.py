"""Redaction of what Django logs about requests."""

import logging

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
