"""An operation as a channel for programs offers it: what routes and tools have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_type_hints

from access.actions import RULES, Action
from access.scopes import Scope
from audit.operation import Operation
from foundation.schema.shapes import Shape


@dataclass(frozen=True, slots=True)
class Signature:
    """An operation's action and the shapes of its input and its answer, where they are shapes."""

    action: Action
    takes: type[Shape] | None
    gives: type[Shape] | None


@cache
def signature_of(
    operation: Callable[..., Any],
    *,
    action: Action | None = None,
    takes: type[Shape] | None = None,
) -> Signature:
    """The signature of an operation; `action` and `takes` override what it says itself."""
    if isinstance(operation, Operation):
        return Signature(operation.action, takes or operation.takes, operation.gives)
    # A plain function: the first parameter is the actor, the only other one the input.
    hints = get_type_hints(operation)
    answer = hints.pop("return", None)
    (_, *inputs) = hints.values()
    takes = takes or (inputs[0] if len(inputs) == 1 and _is_shape(inputs[0]) else None)
    gives = answer if _is_shape(answer) else None
    return Signature(action or Action(operation.__name__), takes, gives)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation that is offered; `signature` only where it differs from the operation's own."""

    operation: Callable[..., Any]
    signature: Signature | None = field(default=None, kw_only=True)

    @property
    def action(self) -> Action:
        """The operation's action."""
        return self._signature.action

    @property
    def takes(self) -> type[Shape] | None:
        """The shape of what comes in, if it has one."""
        return self._signature.takes

    @property
    def gives(self) -> type[Shape] | None:
        """The shape of the answer, if it has one."""
        return self._signature.gives

    @property
    def scope(self) -> Scope:
        """What the token must allow at least."""
        return RULES[self.action].scope

    @property
    def _signature(self) -> Signature:
        return self.signature or signature_of(self.operation)


def _is_shape(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Shape)
