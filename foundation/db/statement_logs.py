"""Whether PostgreSQL logs statements with their values, as it does by default when one fails."""

from collections.abc import Callable, Mapping

from django.db import connection

# Whether a setting's value keeps values of statements out of the log, for the application's role.
QUIET: Mapping[str, Callable[[str], bool]] = {
    "log_statement": lambda value: value in {"none", "ddl"},
    "log_min_error_statement": lambda value: value in {"log", "fatal", "panic"},
    "log_min_duration_statement": lambda value: value == "-1",
    "log_min_duration_sample": lambda value: value == "-1",
    "log_transaction_sample_rate": lambda value: float(value) == 0,
    "log_parameter_max_length_on_error": lambda value: value == "0",
    "auto_explain.log_min_duration": lambda value: value == "-1",
}


def find_logging_settings() -> list[str]:
    """The names of the settings by which PostgreSQL logs values of this role's statements."""
    names = list(QUIET)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, current_setting(name, true) FROM unnest(%s::text[]) AS name", [names]
        )
        found = dict(cursor.fetchall())
    return loud_settings(found)


def loud_settings(found: Mapping[str, str | None]) -> list[str]:
    """The names among settings that log values; None is a setting that does not exist."""
    return [name for name, value in found.items() if value is not None and not QUIET[name](value)]
