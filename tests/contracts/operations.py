"""Every operation there is, from the registry, so that a new one cannot be forgotten."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from access.actions import Action
from audit.operation import OPERATIONS
from tenants.agents import connect_agent

DOMAIN = ("tenants", "credentials", "leases")
OPERATING = (*DOMAIN, "identity")
# It joins the transaction of the consent and so is no decorated operation.
JOINED = {Action.CONNECT_AGENT: connect_agent}
# What opens a transaction or, for `record_in_transaction`, joins the caller's; test_layers.py
# says where each may be called.
OPENERS = frozenset({"audited", "read_only", "record_in_transaction"})


@dataclass(frozen=True)
class Operation:
    """A function that does one thing, and the action under which the table rules it."""

    name: str
    module: str
    function: Callable[..., Any]
    action: Action


@cache
def operations() -> dict[str, Operation]:
    """All operations by name, from every module in which operations may be."""
    for app in OPERATING:
        package = importlib.import_module(f"{app}.operations")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    functions: dict[Action, Callable[..., Any]] = {**OPERATIONS, **JOINED}
    found = [
        Operation(function.__name__, function.__module__, function, action)
        for action, function in functions.items()
    ]
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in sorted(found, key=lambda one: (one.module, one.name))}
