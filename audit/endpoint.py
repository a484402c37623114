"""An operation as a channel for programs offers it: what routes and tools have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

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


def signature_of(operation: Callable[..., Any], *, takes: type[Shape] | None = None) -> Signature:
    """The signature of an operation; `takes` narrows its input to what a channel offers of it."""
    if not isinstance(operation, Operation):
        raise TypeError(f"{operation} is no operation")
    return Signature(operation.action, takes or operation.takes, operation.gives)


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
