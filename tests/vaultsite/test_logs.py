"""The log keeps what failed and where, never what came in."""

import logging

import pytest

from vaultsite.log_filters import RequestRedaction


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
