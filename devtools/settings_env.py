"""Settings that the caller's environment brings along, each as NAME or NAME_FILE."""

import os
from collections.abc import Mapping
from pathlib import Path

from devtools.exit_codes import LaunchError

PREFIX = "VAULTSITE_"


def has_setting(name: str) -> bool:
    """Whether the environment has this setting in either form."""
    return _variable(name) in os.environ or _variable(name) + "_FILE" in os.environ


def setting(name: str) -> str | None:
    """The setting's text, or None. Raises CannotContinue when its file cannot be read."""
    variable = _variable(name)
    path = os.environ.get(f"{variable}_FILE")
    if path is None:
        return os.environ.get(variable)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise LaunchError(f"{variable}_FILE: {error.strerror}") from None


def require_complete(missing: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment plus those of `missing` (NAME or NAME_FILE) that it lacks."""
    added = {
        _variable(name): value
        for name, value in missing.items()
        if not has_setting(name.removesuffix("_FILE"))
    }
    return dict(os.environ) | added


def without_settings() -> dict[str, str]:
    """The caller's environment without any setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _variable(name: str) -> str:
    return PREFIX + name
