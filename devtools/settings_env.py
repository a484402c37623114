"""Settings in the caller's environment, each as NAME or NAME_FILE."""

import os
from collections.abc import Mapping

from devtools.exit_codes import LaunchError
from vaultsite.environment import PREFIX, SettingsError, read_setting


def has_setting(name: str) -> bool:
    """Whether the environment has this setting in either form."""
    return PREFIX + name in os.environ or f"{PREFIX}{name}_FILE" in os.environ


def setting(name: str) -> str | None:
    """The setting's text, or None. Raises LaunchError as the application would refuse it."""
    try:
        return read_setting(name)
    except SettingsError as error:
        raise LaunchError(str(error).removeprefix("vault: ")) from None


def require_complete(missing: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment plus those of `missing` (NAME or NAME_FILE) that it lacks."""
    added = {
        PREFIX + name: value
        for name, value in missing.items()
        if not has_setting(name.removesuffix("_FILE"))
    }
    return dict(os.environ) | added


def without_settings() -> dict[str, str]:
    """The caller's environment without any setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
