"""The log keeps what failed and where, never what came in."""

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from tests.environment import free_port
from tests.vaultsite.test_ending import BEAT, WORKER, ended, start
from vaultsite.log_filters import QUIET_SECONDS, RepetitionFilter, RequestRedaction
from vaultsite.log_format import JSONFormatter


@pytest.mark.parametrize("name", ["django.request", "django.security.DisallowedHost"])
def test_paths_hosts_and_words_are_dropped(name: str) -> None:
    try:
        raise ValueError("CANARY")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, "%s CANARY", ("CANARY",), told)
    record.status_code = 500
    assert RequestRedaction().filter(record) is True
    text = logging.Formatter().format(record)
    assert "CANARY" not in text.replace('raise ValueError("CANARY")', "")
    assert "500" in text
    assert "ValueError" in text


def test_other_records_stay_as_they_are() -> None:
    record = logging.LogRecord("leases", logging.INFO, __file__, 1, "%s", ("kept",), None)
    assert RequestRedaction().filter(record) is True
    assert record.getMessage() == "kept"


# -- repetition ---------------------------------------------------------------------------------


def record_of(name: str, text: str, *arguments: object, error: Exception | None = None) -> Any:
    """A warning."""
    told = (type(error), error, None) if error else None
    return logging.LogRecord(name, logging.WARNING, __file__, 1, text, arguments, told)


def test_a_repeated_warning_is_kept_once_a_minute_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("vaultsite.log_filters.time.monotonic", lambda: now)
    keep = RepetitionFilter().filter
    assert keep(record_of("audit.recording", "%s failed", "lease.created"))
    assert not keep(record_of("audit.recording", "%s failed", "lease.created"))
    assert keep(record_of("audit.recording", "%s failed", "credential.read"))
    now += QUIET_SECONDS + 1
    again = record_of("audit.recording", "%s failed", "lease.created")
    assert keep(again)
    assert again.getMessage() == "lease.created failed (1 more since the last line)"


def test_attempts_to_connect_are_one_cause_and_one_line() -> None:
    keep = RepetitionFilter().filter
    first = record_of("celery.worker", "retry %s\n%s", 1, "Traceback …", error=OSError("redis://x"))
    assert keep(first)
    assert first.getMessage() == "retry 1 [OSError]"
    assert first.exc_info is None
    assert not keep(record_of("celery.worker", "retry %s\n%s", 2, "…", error=OSError("redis://x")))


def test_information_is_not_thinned_out() -> None:
    keep = RepetitionFilter().filter
    record = logging.LogRecord("leases", logging.INFO, __file__, 1, "same", (), None)
    assert [keep(record), keep(record)] == [True, True]


def test_a_line_of_json_has_no_text_of_an_error() -> None:
    try:
        raise ValueError("CANARY")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    record = logging.LogRecord("leases", logging.ERROR, __file__, 1, "%s\nfailed", ("x",), told)
    text = JSONFormatter().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert (line["level"], line["logger"], line["message"]) == ("ERROR", "leases", "x\nfailed")
    assert line["error"] == "ValueError"
    assert "CANARY" not in text.replace('raise ValueError(\\"CANARY\\")', "")


@pytest.mark.parametrize("program", [WORKER, BEAT], ids=["worker", "beat"])
def test_processes_write_little_while_redis_is_away(
    database: None, tmp_path: Path, program: tuple[str, ...]
) -> None:
    """Nobody listens at the address; for as long as it takes beat to send a few times."""
    last = (str(tmp_path / "schedule"),) if program is BEAT else ()
    process = start(
        (*program, *last),
        VAULTSITE_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0",
        VAULTSITE_SWEEP_SECONDS="1",
        VAULTSITE_LOG_FORMAT="json",
    )
    time.sleep(12)
    process.terminate()
    _, output = ended(process)
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    warnings = [line for line in lines if line["level"] not in ("INFO", "DEBUG")]
    assert warnings
    assert len({(line["logger"], line["message"]) for line in warnings}) == len(warnings) <= 4
    assert "Traceback" not in output
