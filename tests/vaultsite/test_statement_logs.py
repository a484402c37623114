"""PostgreSQL's log is kept free of values, or the start says which settings put them there."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from foundation.db.statement_logs import QUIET, find_logging_settings, loud_settings
from vaultsite.startup_checks import require_safe_database

DEFAULTS = {
    "log_statement": "none",
    "log_min_error_statement": "error",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length_on_error": "0",
    "auto_explain.log_min_duration": None,
}


def test_a_usual_server_logs_what_fails() -> None:
    assert loud_settings(DEFAULTS) == ["log_min_error_statement"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_statement", "mod"),
        ("log_statement", "all"),
        ("log_min_error_statement", "warning"),
        ("log_min_duration_statement", "0"),
        ("log_min_duration_statement", "1s"),
        ("log_min_duration_sample", "100ms"),
        ("log_transaction_sample_rate", "0.1"),
        ("log_parameter_max_length_on_error", "-1"),
        ("auto_explain.log_min_duration", "0"),
    ],
)
def test_each_setting_that_logs_values_is_noticed(name: str, value: str) -> None:
    quiet = {**DEFAULTS, "log_min_error_statement": "panic"}
    assert loud_settings({**quiet, name: value}) == [name]


def test_the_server_of_up_logs_none(database: None) -> None:
    assert find_logging_settings() == []


def test_the_start_names_them_in_one_line(
    database: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        "vaultsite.startup_checks.find_logging_settings", lambda: ["log_statement", "x"]
    )
    monkeypatch.setattr("vaultsite.startup_checks.close_database", lambda: None)
    require_safe_database()
    (line,) = [one.getMessage() for one in caplog.records if one.name.startswith("vaultsite")]
    assert "log_statement, x" in line


def test_the_documented_settings_are_the_checked_ones_and_enough() -> None:
    text = (Path(settings.BASE_DIR) / "docs/operations.md").read_text("utf-8")
    documented = dict(re.findall(r"ALTER ROLE vault_app SET (\w+) = '?([\w-]+)'?;", text))
    assert set(documented) == set(QUIET) - {"auto_explain.log_min_duration"}
    assert loud_settings(documented) == []
