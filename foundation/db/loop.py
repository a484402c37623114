"""Plain functions on the event loop, without a thread (docs/decisions/0021-event-loop.md).

An operation is a plain function whose statements block. `LoopDatabase.run` runs it in a greenlet:
when it sends statements, the greenlet pauses, the event loop awaits the answer, and the greenlet
goes on with it; SQLAlchemy's asyncio extension works in the same way. Only statements that go
through `foundation.db.prepared` can be awaited. Django's ORM raises SynchronousOnlyOperation here:
the transaction is rolled back, and the caller runs the function again in a thread.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from datetime import UTC
from typing import Any, Generic, Self, TypeVar, cast

import psycopg
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import get_adapters_template
from greenlet import getcurrent, greenlet
from psycopg.pq import TransactionStatus
from psycopg.types.datetime import TimestamptzLoader
from psycopg_pool import AsyncConnectionPool

from foundation.db.pipeline import Query, Rows, drive_async, exchange
from foundation.db.pool import CheckedAsyncConnection

T = TypeVar("T")
R = TypeVar("R")

WAITING = 512
WAIT_SECONDS = 3.0

Pool = AsyncConnectionPool[CheckedAsyncConnection]


class LoopDatabase:
    """At most `size` connections for functions on the event loop, while the block runs."""

    def __init__(self, size: int) -> None:
        self._pool = _pool(size)

    async def __aenter__(self) -> Self:
        await self._pool.open()  # connects in the background
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`.

        Raises SynchronousOnlyOperation, with nothing committed, when it needs a thread.
        """
        task = LoopTask(self._pool, work)
        try:
            return await task.run_to_end()
        except SynchronousOnlyOperation:
            if task.has_committed:
                raise RuntimeError("Django's ORM was used after the commit") from None
            raise


def _pool(size: int) -> Pool:
    parameters = dict(connection.get_connection_params())
    parameters.pop("cursor_factory", None)
    adapters = get_adapters_template(use_tz=True, timezone=UTC)
    adapters.register_loader("timestamptz", TimestamptzLoader)
    parameters["options"] = f"{parameters.get('options', '')} -c TimeZone=UTC".strip()
    parameters["context"] = adapters
    return AsyncConnectionPool(
        connection_class=CheckedAsyncConnection,
        check=CheckedAsyncConnection.require_working,
        kwargs=parameters,
        min_size=1,
        max_size=size,
        max_waiting=WAITING,
        timeout=WAIT_SECONDS,
        open=False,
    )


class LoopTask(greenlet, Generic[R]):
    """A function that runs on the event loop, with the connection of its transaction."""

    def __init__(self, pool: Pool, work: Callable[[], R]) -> None:
        super().__init__(work)
        self.gr_context = copy_context()
        self.has_committed = False
        self._pool = pool
        self._connection: CheckedAsyncConnection | None = None
        self._hooks: list[Callable[[], object]] = []

    async def run_to_end(self) -> R:
        """Run the function; each value that it switches out is awaited for it."""
        result = self.switch()
        while not self.dead:
            try:
                value = await result
            except BaseException as error:  # noqa: BLE001  # the function decides what to do
                result = self.throw(error)
            else:
                result = self.switch(value)
        return cast(R, result)

    def wait(self, awaitable: Coroutine[Any, Any, Any]) -> Any:
        """The result of a coroutine, for the function, which pauses meanwhile."""
        assert self.parent is not None
        return self.parent.switch(awaitable)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction; it begins with its first statement."""
        if self._connection is not None:
            raise RuntimeError("transactions on the event loop cannot be nested")
        database = self._connection = self._awaited(self._pool.getconn())
        self._hooks = []
        try:
            yield
            if database.pgconn.transaction_status != TransactionStatus.IDLE:
                self.execute((), commit=True)
        except BaseException as error:
            self._undo(database, error)
            raise
        finally:
            self._connection = None
            self.wait(self._pool.putconn(database))
        for hook in self._hooks:
            hook()

    def execute(self, queries: Sequence[Query], *, commit: bool = False) -> list[Rows]:
        """The rows of the queries, in one round trip; `commit` ends the transaction with them."""
        database = self._connection
        if database is None:
            raise SynchronousOnlyOperation("a statement outside of a transaction")
        rows: list[Rows] = self._awaited(
            drive_async(database, exchange(database, queries, commit=commit))
        )
        self.has_committed |= commit
        return rows

    def _awaited(self, awaitable: Coroutine[Any, Any, T]) -> T:
        """The same for what concerns the database, with Django's errors in place of psycopg's."""
        try:
            return cast(T, self.wait(awaitable))
        except psycopg.Error:
            with connection.wrap_database_errors:
                raise

    def on_commit(self, hook: Callable[[], object]) -> None:
        """Call `hook` after the commit of the running transaction."""
        self._hooks.append(hook)

    def _undo(self, database: CheckedAsyncConnection, error: BaseException) -> None:
        if isinstance(error, Exception) and not database.closed:
            with suppress(psycopg.Error):
                self.wait(database.rollback())
                return
        # Cancelled, when nothing may be awaited for long, or lost.
        database.pgconn.finish()


def current_task() -> "LoopTask[Any] | None":
    """The function that runs on the event loop here, if any."""
    current = getcurrent()
    return current if isinstance(current, LoopTask) else None


@contextmanager
def atomic(*, durable: bool) -> Iterator[None]:
    """A transaction here: of this task on the event loop, else Django's in this thread."""
    task = current_task()
    with transaction.atomic(durable=durable) if task is None else task.transaction():
        yield


def on_commit(hook: Callable[[], object]) -> None:
    """Call `hook` after the commit of the running transaction; it must not raise."""
    task = current_task()
    if task is None:
        transaction.on_commit(hook, robust=True)
    else:
        task.on_commit(hook)
