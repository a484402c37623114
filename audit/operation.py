"""What an operation is: a function with its action and its event, in one transaction.

An operation is written once, as `function(context, input) -> answer`, and every channel calls it as
`operation(actor, input)`. Who may call it is its row in `access.actions.RULES`; what it takes and
answers is read from its annotations, so that routes, tools and tests need not repeat it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property, update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints

from access.actions import RULES, Action, Rule
from access.actor import Actor
from audit.events import Event
from audit.recording import EntryDraft, audited, read_only
from foundation.db.prepared import Statement
from foundation.errors import ApprovalPending
from foundation.schema.shapes import Shape

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound="OperationContext")
# The event of an operation: always the same, or chosen by its input.
EventOf = Event | Callable[..., Event]

# Every decorated operation by its action: an action has one operation.
OPERATIONS: dict[Action, "Operation[Any, Any, Any]"] = {}


@dataclass
class OperationContext:
    """A running operation: who acts, under which action, and its audit entry.

    Higher apps add what they know of the actor, read at most once per transaction.
    """

    actor: Actor
    action: Action
    entry: EntryDraft = field(repr=False)

    @property
    def rule(self) -> Rule:
        """The operation's row in the table of actions."""
        return RULES[self.action]

    @classmethod
    def opening(cls, actor: Actor) -> Sequence[Statement[Any]]:
        """What a reading operation sends with the beginning of its transaction."""
        del actor
        return ()

    def take_opening(self, results: Sequence[Any]) -> None:
        """Take the results of `opening`."""

    def authorize(self) -> None:
        """Refuse what the rule alone decides; runs first in the transaction."""


class Operation(Generic[C, P, R]):
    """An operation as every channel calls it: `operation(actor, input)`.

    With an event it is audited: its entry commits with its changes. A function in place of the
    event gets the input before the transaction and chooses the event, or refuses the input.
    `check` does the same without an event: what the input alone gets wrong is not recorded.
    `permit` runs before it, in a transaction of its own, where examining the input is expensive:
    it refuses those who may not do this at all. The function decides again.
    Without an event it reads, and leaves an entry only when it is refused. The answer is returned
    after the commit.

    `facts` answers the statements that are sent with the beginning of the transaction, in one round
    trip; the function finds their results in `context.entry.facts`. An operation that takes locks
    names them there in the right order: what is read before a lock may be old when it is granted.
    Operations without an event take no locks and send what their context needs.

    `on_loop` says that it usually sends nothing but prepared statements, so that it can run on the
    event loop (`foundation.db.loop`).
    """

    def __init__(  # noqa: PLR0913, PLR0917  # what `@operation` says of an operation
        self,
        function: Callable[Concatenate[C, P], R],
        action: Action,
        event: EventOf | None,
        context: type[C],
        check: Callable[..., object] | None = None,
        facts: Callable[..., Sequence[Statement[Any]]] | None = None,
        permit: Callable[..., object] | None = None,
        *,
        on_loop: bool = False,
    ) -> None:
        if action in OPERATIONS:
            raise RuntimeError(f"two operations for {action}")
        self.function, self.action, self.event, self.context = function, action, event, context
        self.check = check
        self.facts = facts
        self.on_loop = on_loop
        self.permit = permit
        self.__name__ = function.__name__
        update_wrapper(self, function)
        OPERATIONS[action] = self

    def __call__(self, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.permit is not None:
            self._require_permission(actor, *args, **kwargs)
        if self.check is not None:
            self.check(*args, **kwargs)
        with self._transaction(actor, *args, **kwargs) as entry:
            context = self.context(actor, self.action, entry)
            if self.event is None and self.facts is None:
                context.take_opening(entry.facts)
            context.authorize()
            try:
                return self.function(context, *args, **kwargs)
            except ApprovalPending as error:
                # Raised after the commit, because the waiting request has to be kept.
                pending = error
        raise pending

    def _require_permission(self, actor: Actor, *args: P.args, **kwargs: P.kwargs) -> None:
        assert self.permit is not None
        with self._transaction(actor, *args, **kwargs) as entry:
            context = self.context(actor, self.action, entry)
            context.authorize()
            self.permit(context, *args, **kwargs)
            entry.discard()

    def _transaction(
        self, actor: Actor, *args: P.args, **kwargs: P.kwargs
    ) -> AbstractContextManager[EntryDraft]:
        def facts() -> Sequence[Statement[Any]]:
            if self.facts is not None:
                return self.facts(actor, *args, **kwargs)
            return self.context.opening(actor) if self.event is None else ()

        if self.event is None:
            return read_only(actor, self.action, facts)
        event = self.event if isinstance(self.event, Event) else self.event(*args, **kwargs)
        return audited(actor, self.action, event, facts)

    @cached_property
    def takes(self) -> type[Shape] | None:
        """The shape of its input; None when it takes plain arguments or nothing."""
        hints = [hint for name, hint in self._hints.items() if name != "return"][1:]
        return hints[0] if len(hints) == 1 and _is_shape(hints[0]) else None

    @cached_property
    def gives(self) -> type[Shape] | None:
        """The shape of its answer; None when it answers nothing or something else."""
        answer = self._hints.get("return")
        return answer if _is_shape(answer) else None

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.function)


def _is_shape(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, Shape)


class OperationDecorator(Generic[C]):
    """`@operation(action, event)` for functions whose first parameter is a context of this type."""

    def __init__(self, context: type[C]) -> None:
        self._context = context

    def __call__(  # noqa: PLR0913  # the same
        self,
        action: Action,
        event: EventOf | None = None,
        *,
        check: Callable[..., object] | None = None,
        facts: Callable[..., Sequence[Statement[Any]]] | None = None,
        permit: Callable[..., object] | None = None,
        on_loop: bool = False,
    ) -> Callable[[Callable[Concatenate[C, P], R]], Operation[C, P, R]]:
        def decorate(function: Callable[Concatenate[C, P], R]) -> Operation[C, P, R]:
            return Operation(
                function, action, event, self._context, check, facts, permit, on_loop=on_loop
            )

        return decorate
