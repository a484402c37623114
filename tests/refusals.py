"""Refusals, caught by what every caller is told."""

from collections.abc import Callable
from typing import Any

import pytest

from foundation.errors import VaultError


def refusal(call: Callable[[], object]) -> VaultError:
    """The refusal that `call` ends in."""
    with pytest.raises(VaultError) as caught:
        call()
    return caught.value


def code_of(call: Callable[[], object]) -> str:
    """The refusal's stable code."""
    return refusal(call).code


def problem_of(call: Callable[[], object]) -> dict[str, Any]:
    """Everything that a caller would see of the refusal."""
    return refusal(call).as_problem()
