"""Log records as lines of JSON, for programs that collect them (VAULTSITE_LOG_FORMAT=json)."""

import json
import logging
from datetime import UTC, datetime

from foundation.safe_traceback import safe_traceback


class JSONFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `process`, `message`, and with an error
    `error` and `traceback`, whose text is left out because it may quote values.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str | int] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process or 0,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__qualname__
            line["traceback"] = safe_traceback(error)
        return json.dumps(line, ensure_ascii=False)
