"""Prepared statements in one round trip, on libpq itself.

psycopg's own pipeline mode spends about ten times as much CPU on a statement as libpq does. So
statements are sent here through `psycopg.pq`, and psycopg's `Transformer` writes the values and
reads the rows. What waits for the socket is up to the caller: `exchange` is a generator, which a
thread drives with `drive` and an event loop with `drive_async`.
"""

import asyncio
import select
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import TupleRow

from foundation.db.pool import ServerSilent, answer_seconds

T = TypeVar("T")
Rows = list[TupleRow]
Connection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]
Statement = tuple[bytes, tuple[int, ...]]  # its text, and the types of its values

KEPT_STATEMENTS = 200

BEGIN = b"BEGIN"
COMMIT = b"COMMIT"
_WRITABLE = True
_SUCCESS = {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}


@dataclass(frozen=True, slots=True)
class Query:
    """A statement with `$1`, `$2` … for its values."""

    text: bytes
    values: Sequence[Any]


class Session:
    """The prepared statements of one connection, and how its values are written and read."""

    def __init__(self, connection: Connection) -> None:
        self.transformer = Transformer(connection)
        self._names: OrderedDict[Statement, bytes] = OrderedDict()
        self._made = 0

    def name(self, text: bytes, types: tuple[int, ...]) -> bytes | None:
        """The name of a statement that is prepared."""
        found = self._names.get((text, types))
        if found is not None:
            self._names.move_to_end((text, types))
        return found

    def new_name(self) -> bytes:
        """A name for one more statement."""
        self._made += 1
        return b"vault_%d" % self._made

    def keep(self, text: bytes, types: tuple[int, ...], name: bytes) -> None:
        """Note that a statement is prepared."""
        self._names[text, types] = name

    def surplus(self) -> bytes | None:
        """The name of the statement to close because there are too many."""
        return self._names.popitem(last=False)[1] if len(self._names) > KEPT_STATEMENTS else None


_sessions: WeakKeyDictionary[Connection, Session] = WeakKeyDictionary()


def exchange(
    connection: Connection, queries: Sequence[Query], *, commit: bool = False
) -> Generator[bool, None, list[Rows]]:
    """The rows of each query, in one round trip; yields whether to wait until the socket is
    writable too.

    A transaction begins with the first query unless one is open or the connection commits by
    itself. `commit` ends it with the last query. Raises psycopg's errors; after the first failed
    query none of the others is executed.
    """
    session = _sessions.get(connection)
    if session is None:
        session = _sessions[connection] = Session(connection)
    new: dict[Statement, bytes] = {}
    sent = [_sendable(session, query, new) for query in queries]
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    starts = pgconn.transaction_status == TransactionStatus.IDLE and not connection.autocommit
    if starts:
        pgconn.send_query_params(BEGIN, None)
    for query in sent:
        query.send(pgconn)
    if commit:
        pgconn.send_query_params(COMMIT, None)
    closed = session.surplus()
    if closed is not None:
        pgconn.send_close_prepared(closed)
    pgconn.pipeline_sync()
    while pgconn.flush():
        yield _WRITABLE
        pgconn.consume_input()
    results = yield from _results(pgconn)
    pgconn.exit_pipeline_mode()
    remaining = iter(results)
    if starts:
        _require_success(next(remaining))
    answers = [_answer(session, query, remaining) for query in sent]
    if commit and _require_success(next(remaining)).command_status != COMMIT:
        raise psycopg.OperationalError("the transaction was not committed")
    return answers


@dataclass(frozen=True, slots=True)
class _Sendable:
    """A query with its values as they are sent; `is_new` if it has to be prepared first."""

    text: bytes
    name: bytes
    is_new: bool
    types: tuple[int, ...]
    values: Sequence[Any]
    formats: Sequence[Any]

    def send(self, pgconn: PGconn) -> None:
        if self.is_new:
            pgconn.send_prepare(self.name, self.text, self.types)
        pgconn.send_query_prepared(self.name, self.values, self.formats)


def _sendable(session: Session, query: Query, new: dict[Statement, bytes]) -> _Sendable:
    """Before anything is sent, because a value that cannot be sent is an error.

    `new` are the statements that an earlier query of the same round trip prepares.
    """
    transformer = session.transformer
    values = transformer.dump_sequence(query.values, [PyFormat.AUTO] * len(query.values))
    types, formats = transformer.types or (), transformer.formats or ()
    name = session.name(query.text, types) or new.get((query.text, types))
    is_new = name is None
    if name is None:
        name = new[query.text, types] = session.new_name()
    return _Sendable(query.text, name, is_new, types, values, formats)


def _results(pgconn: PGconn) -> Generator[bool, None, list[PGresult]]:
    """The results up to the end of the pipeline."""
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield not _WRITABLE
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # the end of one statement's results
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _answer(session: Session, query: _Sendable, results: Iterator[PGresult]) -> Rows:
    if query.is_new:
        _require_success(next(results))
        session.keep(query.text, query.types, query.name)
    result = _require_success(next(results))
    if result.status != ExecStatus.TUPLES_OK or not result.ntuples:
        return []
    session.transformer.set_pgresult(result)
    rows: Rows = session.transformer.load_rows(0, result.ntuples, tuple)
    return rows


def _require_success(result: PGresult) -> PGresult:
    if result.status not in _SUCCESS:
        raise error_from_result(result)
    return result


def drive(connection: psycopg.Connection[Any], steps: Generator[bool, None, T]) -> T:
    """The result of an `exchange`, waiting in this thread."""
    pgconn = connection.pgconn
    poll = select.poll()
    end = time.monotonic() + answer_seconds()
    try:
        writable = next(steps)
        while True:
            poll.register(pgconn.socket, select.POLLIN | (select.POLLOUT if writable else 0))
            if not poll.poll(max(0, end - time.monotonic()) * 1000):
                raise ServerSilent("the database does not answer")
            writable = next(steps)
    except StopIteration as finished:
        result: T = finished.value
        return result
    finally:
        _close_unfinished(connection)


async def drive_async(
    connection: psycopg.AsyncConnection[Any], steps: Generator[bool, None, T]
) -> T:
    """The result of an `exchange`, waiting on the event loop."""
    pgconn = connection.pgconn
    loop = asyncio.get_running_loop()
    end = loop.time() + answer_seconds()
    try:
        writable = next(steps)
        while True:
            await _ready(loop, pgconn.socket, end, writable=writable)
            writable = next(steps)
    except StopIteration as finished:
        result: T = finished.value
        return result
    finally:
        _close_unfinished(connection)


async def _ready(
    loop: asyncio.AbstractEventLoop, socket: int, end: float, *, writable: bool
) -> None:
    ready = loop.create_future()
    late = loop.call_at(end, _fail, ready)
    loop.add_reader(socket, _note, ready)
    if writable:
        loop.add_writer(socket, _note, ready)
    try:
        await ready
    finally:
        late.cancel()
        loop.remove_reader(socket)
        if writable:
            loop.remove_writer(socket)


def _note(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def _fail(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_exception(ServerSilent("the database does not answer"))


def _close_unfinished(connection: Connection) -> None:
    """A connection on which answers are still to come cannot be used again."""
    if connection.pgconn.pipeline_status != PipelineStatus.OFF:
        connection.pgconn.finish()
