"""Every operation there is, found by reading the source, so that a new one cannot be forgotten."""

import ast
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from access.actions import Action

DOMAIN = ("tenants", "credentials", "leases")
OPERATING = (*DOMAIN, "identity")
# What opens an operation's transaction or, for `record_in_transaction`, joins the caller's.
OPENERS = frozenset({"audited", "read_only", "record_in_transaction"})


@dataclass(frozen=True)
class Operation:
    """A function that does one thing, and the action under which the table rules it."""

    name: str
    module: str
    function: Callable[..., Any]
    actions: frozenset[Action]

    @property
    def action(self) -> Action:
        """The one action; an operation with two would be two operations."""
        (action,) = self.actions
        return action


@cache
def operations() -> dict[str, Operation]:
    """All operations of the domain by name."""
    found = [one for path in _sources() for one in _operations_in(path)]
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


def _sources() -> Iterator[Path]:
    for app in OPERATING:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def _operations_in(path: Path) -> Iterator[Operation]:
    module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_") or _yields(node):
            continue
        if decorated := list(_decorators(node)):
            function = getattr(importlib.import_module(module), node.name)
            yield Operation(node.name, module, function, frozenset(decorated))
        elif OPENERS & set(_called(node)) and [one.arg for one in node.args.args][:1] == ["actor"]:
            function = getattr(importlib.import_module(module), node.name)
            yield Operation(node.name, module, function, frozenset(_actions(node)))


def _decorators(function: ast.FunctionDef) -> Iterator[Action]:
    """The action of `@operation(Action.…)`, the first argument."""
    for node in function.decorator_list:
        if isinstance(node, ast.Call) and _name(node.func) == "operation":
            (action, *_) = node.args
            assert isinstance(action, ast.Attribute)
            yield Action[action.attr]


def _yields(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Yield) for node in ast.walk(function))


def _called(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _actions(function: ast.FunctionDef) -> Iterator[Action]:
    """The actions named where the operation is opened or where the actor is asked."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or _name(node.func) not in OPENERS | {"require"}:
            continue
        for argument in node.args:
            if isinstance(argument, ast.Attribute) and _name(argument.value) == "Action":
                yield Action[argument.attr]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
