"""The tenant key on every tenant table, and the row-level security behind it.

Code reaches rows with `of(actor)` and `fetch(actor, …)`. Independently, PostgreSQL shows the
application's role no row unless the transaction named the tenant
(docs/decisions/0002-row-level-security.md).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import models

from access.actor import Actor
from access.authentication import ENDED
from foundation.db.ids import uuid7
from foundation.db.loop import atomic
from foundation.db.pipeline import Rows
from foundation.db.prepared import PreparedText, Statement, execute, fetch
from foundation.errors import NotFound, Unauthenticated

M = TypeVar("M", bound="TenantOwned")
T = TypeVar("T")

# Gives the statements that an operation sends with the beginning of its transaction.
Facts = Callable[[], Sequence[Statement[Any]]]


class TenantQuerySet(models.QuerySet[M]):
    """Rows are reached through the actor; another tenant's row is not found."""

    def of(self, actor: Actor) -> Self:
        """The rows of the actor's tenant."""
        return self.filter(tenant_id=actor.tenant_id)

    def fetch(
        self,
        actor: Actor,
        *,
        missing: type[NotFound] = NotFound,
        **lookup: Any,
    ) -> M:
        """The row, or `missing`: the same answer for unknown and for another tenant's."""
        row = self.of(actor).filter(**lookup).first()
        if row is None:
            raise missing()
        return row

    def locked(self) -> Self:
        """Lock these rows, and not what is joined to them."""
        return self.select_for_update(of=("self",))


TenantManager = models.Manager.from_queryset(TenantQuerySet)


class TenantOwned(models.Model):
    """The base of every tenant table; the id is a UUIDv7."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id: UUID

    objects = TenantManager()

    class Meta:
        abstract = True


# Whether the code runs inside `joined_transaction`, which its own transactions join.
_joining: ContextVar[bool] = ContextVar("joining", default=False)


@contextmanager
def tenant_transaction(tenant_id: UUID, *, durable: bool = True) -> Iterator[None]:
    """One transaction that may reach the rows of this tenant only.

    The setting is local to the transaction, so a pooled connection does not keep it.
    """
    with atomic(durable=durable and not _joining.get()):
        use_tenant(tenant_id)
        yield


@contextmanager
def acting_transaction(actor: Actor, facts: Facts = tuple) -> Iterator[tuple[Any, ...]]:
    """The transaction of an operation of `actor` in their tenant.

    The statements of `facts` are sent with its beginning, in one round trip; yields their results.
    Raises Unauthenticated when the token or session behind the actor has ended.
    """
    with atomic(durable=not _joining.get()):
        _, *results = execute(authentication_statement(actor), *facts())
        yield tuple(results)


class SharedReading:
    """What operations of one actor read in one transaction, each statement once."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._results: dict[tuple[object, ...], Any] = {}

    def is_for(self, actor: Actor) -> bool:
        """Whether the actor is the one whose authentication was checked."""
        return actor == self._actor

    def results(self, statements: Sequence[Statement[Any]]) -> tuple[Any, ...]:
        """The results of statements that take no locks; those that were read before are kept."""
        keys = [(statement.text, *statement.values) for statement in statements]
        new = {
            key: statement
            for key, statement in zip(keys, statements, strict=True)
            if key not in self._results
        }
        self._results.update(zip(new, execute(*new.values()), strict=True))
        return tuple(self._results[key] for key in keys)


_shared: ContextVar[SharedReading | None] = ContextVar("shared", default=None)


@contextmanager
def shared_transaction(actor: Actor) -> Iterator[None]:
    """One transaction for several operations of one actor, for example those of a page.

    Their authentication is checked once, and what all of them need is read once.
    """
    with acting_transaction(actor), _set(_joining, True), _set(_shared, SharedReading(actor)):
        yield


@contextmanager
def reading_transaction(actor: Actor, facts: Facts = tuple) -> Iterator[tuple[Any, ...]]:
    """As `acting_transaction` for an operation that only reads; part of a `shared_transaction`."""
    shared = _shared.get()
    if shared is not None and shared.is_for(actor):
        yield shared.results(facts())
        return
    with acting_transaction(actor, facts) as results:
        yield results


def fetch_shared(actor: Actor, statement: Statement[T]) -> T:
    """The result of a statement without locks, read once in a `shared_transaction`."""
    shared = _shared.get()
    if shared is None or not shared.is_for(actor):
        return fetch(statement)
    result: T = shared.results((statement,))[0]
    return result


def require_authentication(actor: Actor) -> None:
    """Name the actor's tenant and refuse when their token or session has ended, in one statement.

    PostgreSQL evaluates the list from left to right. If it did not, a condition on tenant rows
    would find none and refuse.
    """
    fetch(authentication_statement(actor))


def authentication_statement(actor: Actor) -> Statement[None]:
    """The statement of `require_authentication`, to be sent with others in one round trip."""
    required = actor.required_authentication()
    return Statement(
        f"SELECT set_config('vaultsite.tenant', %s, true), ({required.condition})",
        [str(actor.tenant_id), *required.parameters],
        _require_true,
    )


def _require_true(rows: Rows) -> None:
    if [row[1] for row in rows] != [True]:
        raise Unauthenticated(ENDED)


@contextmanager
def joined_transaction(tenant_id: UUID) -> Iterator[None]:
    """A durable transaction that the transactions opened inside join.

    Nothing done inside is committed, or may be answered, before the block is left.
    """
    with tenant_transaction(tenant_id), _set(_joining, True):
        yield


@contextmanager
def _set(variable: ContextVar[T], value: T) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


_USE_TENANT = PreparedText("SELECT set_config('vaultsite.tenant', %(tenant)s, true)")


def use_tenant(tenant_id: UUID) -> None:
    """Name the tenant to row-level security for the rest of the running transaction."""
    fetch(_USE_TENANT(tenant=str(tenant_id)))
