"""Queries that are compiled once and executed as server-side prepared statements.

The ORM spends more time on building and compiling a small query than PostgreSQL on answering it.
A `PreparedQuery` is an ordinary queryset whose varying values are `Parameter`s: Django compiles it
at its first use, and later calls only send the values. `execute` sends any number of statements in
one round trip (PostgreSQL's pipeline mode); each sees what was committed before it began.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import count
from typing import Any, Generic, TypeVar

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault
from psycopg import sql

from foundation.db.loop import current_task
from foundation.db.pipeline import Query, Rows, drive, exchange

M = TypeVar("M", bound=Model)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
# Fields whose values the driver writes as Django would.
PLAIN_FIELDS = (
    BooleanField,
    CharField,
    DateTimeField,
    ForeignKey,
    IntegerField,
    TextField,
    UUIDField,
)


class Parameter(Expression):
    """A value that each call of a prepared query supplies by name."""

    def __init__(self, name: str, output_field: "Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # noqa: ARG002  # Django's signature
        return "%s", [self]


@dataclass(frozen=True, slots=True)
class Statement(Generic[T_co]):
    """A statement with its values, and how its rows become its result."""

    text: str
    values: Sequence[Any]
    read: Callable[[Rows], T_co]


class PreparedText:
    """SQL of our own with `%(name)s` for values; a call's result is its rows."""

    def __init__(self, text: str) -> None:
        self._names: list[str] = []
        self._text = text % _Names(self._names)

    def __call__(self, **values: Any) -> Statement[Rows]:
        return Statement(self._text, [values[name] for name in self._names], _unchanged)


class PreparedQuery(Generic[M]):
    """A queryset of whole model instances, compiled at the first call."""

    def __init__(self, build: Callable[[], QuerySet[M]]) -> None:
        self._build = build

    def __call__(self, **values: Any) -> Statement[list[M]]:
        text, parameters, read = self._compiled
        return Statement(text, [values[name] for name in parameters], read)

    @cached_property
    def _compiled(self) -> tuple[str, list[str], Callable[[Rows], list[M]]]:
        compiler = self._build().query.get_compiler(DEFAULT_DB_ALIAS)
        text, parameters = compiler.as_sql()
        names: list[str] = []
        # Constants become part of the text, so that a generic plan can use partial indexes.
        filled = text % tuple(_placeholder(value, names) for value in parameters)
        return filled, names, _Hydration(compiler)


def instances_of(queryset: QuerySet[M]) -> Statement[list[M]]:
    """A queryset that differs from call to call: compiled now, and sent like a prepared one."""
    compiler, text, values = _compile(queryset)
    return Statement(text, values, _Hydration(compiler))


def values_of(queryset: QuerySet[Any, Any]) -> Statement[Rows]:
    """The same for `values_list`: rows of plain values."""
    _, text, values = _compile(queryset)
    return Statement(text, values, _unchanged)


def _compile(queryset: QuerySet[Any, Any]) -> tuple[Any, str, Sequence[Any]]:
    compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    try:
        return compiler, *compiler.as_sql()
    except EmptyResultSet:  # for example `pk__in=[]`
        return compiler, "SELECT WHERE false", ()


class _Hydration(Generic[M]):
    """Rows to model instances as Django's own `ModelIterable` makes them, but without calling
    `Model.__init__`, which costs more than the query: a row from the database has every column.
    """

    def __init__(self, compiler: Any) -> None:
        self._instances = _Instances(compiler.klass_info, compiler.select)
        self._annotations: dict[str, int] = compiler.annotation_col_map
        self._converters = [
            (position, functions, expression)
            for position, (functions, expression) in compiler.get_converters(
                [part for part, *_ in compiler.select]
            ).items()
        ]

    def __call__(self, rows: Rows) -> list[M]:
        return [self._instance(self._converted(row) if self._converters else row) for row in rows]

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for position, functions, expression in self._converters:
            for function in functions:
                values[position] = function(values[position], expression, connection)
        return values

    def _instance(self, row: Sequence[Any]) -> M:
        instance: M = self._instances.make(row)
        for name, position in self._annotations.items():
            setattr(instance, name, row[position])
        return instance


class _Instances:
    """Makes instances of one model from some columns of a row, with those joined to it."""

    def __init__(self, info: Any, select: Any) -> None:
        self._model: type[Model] = info["model"]
        first, last = info["select_fields"][0], info["select_fields"][-1]
        self._columns = slice(first, last + 1)
        self._attributes = [part.target.attname for part, *_ in select[self._columns]]
        self._key = first + self._attributes.index(self._model._meta.pk.attname)
        self._joined = [
            (joined["local_setter"], _Instances(joined, select))
            for joined in info.get("related_klass_infos", ())
        ]

    def make(self, row: Sequence[Any]) -> Any:
        """The instance; None when the join found no row."""
        if row[self._key] is None:
            return None
        instance = self._model.__new__(self._model)
        instance.__dict__.update(zip(self._attributes, row[self._columns], strict=True))
        state = instance.__dict__["_state"] = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        for set_joined, joined in self._joined:
            set_joined(instance, joined.make(row))
        return instance


def execute(*statements: Statement[Any], commit: bool = False) -> tuple[Any, ...]:
    """The results of the statements, which are executed in this order in one round trip.

    Django's own cursors are not used: they bind values on the client, where nothing is prepared.
    `commit` says that the transaction ends here. On the event loop the commit is then part of the
    round trip; in a thread it follows, when Django leaves the transaction's block.
    """
    if not statements:
        return ()
    queries = [Query(_numbered(statement.text), statement.values) for statement in statements]
    began = time.monotonic()
    task = current_task()
    if task is not None:
        answers = task.execute(queries, commit=commit)
    else:
        answers = _execute_in_thread(queries)
    results = tuple(
        statement.read(rows) for statement, rows in zip(statements, answers, strict=True)
    )
    if task is None and connection.queries_logged:
        _log(statements, time.monotonic() - began)
    return results


def _execute_in_thread(queries: Sequence[Query]) -> list[Rows]:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        database: psycopg.Connection[Any] = connection.connection
        return drive(database, exchange(database, queries))


@lru_cache(maxsize=1000)
def _numbered(text: str) -> bytes:
    """The text with `$1`, `$2` … in place of `%s`, and `%` in place of `%%`."""
    number = count(1)
    return re.sub("%[s%]", lambda m: f"${next(number)}" if m[0] == "%s" else "%", text).encode()


def together(*writes: Statement[Any]) -> Statement[None]:
    """One statement that makes several changes, none of which reads what another changes."""
    *others, last = writes
    if not others:
        return last
    parts = ", ".join(f"w{number} AS ({write.text})" for number, write in enumerate(others))
    values = [value for write in writes for value in write.values]
    return Statement(f"WITH {parts} {last.text}", values, _nothing)


def fetch(statement: Statement[T], *, commit: bool = False) -> T:
    """The result of one statement; `commit` as in `execute`."""
    result: T = execute(statement, commit=commit)[0]
    return result


def insert(model: type[Model], values: Mapping[str, Any]) -> Statement[None]:
    """Inserts a row with these values by attribute, as `save(force_insert=True)` would, without
    signals. What is not named gets its column's default.
    """
    text, prepare = _insertion(model, tuple(values))
    sent = list(values.values())
    for position, field in prepare:
        sent[position] = field.get_db_prep_save(sent[position], connection=connection)
    return Statement(text, sent, _nothing)


def insert_instance(instance: Model) -> Statement[None]:
    """Inserts a new instance as `save(force_insert=True)` would, without signals."""
    values = {
        field.attname: field.pre_save(instance, add=True)
        for field in instance._meta.concrete_fields
    }
    given = {n: value for n, value in values.items() if not isinstance(value, DatabaseDefault)}
    return insert(type(instance), given)


@cache
def _insertion(model: type[Model], names: tuple[str, ...]) -> tuple[str, list[tuple[int, Any]]]:
    """The text that inserts these attributes, and the fields whose values have to be prepared."""
    of_name: dict[str, Any] = {field.attname: field for field in model._meta.concrete_fields}
    fields = [of_name[name] for name in names]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    text = (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) '  # noqa: S608  # names of our own models
        f"VALUES ({', '.join(['%s'] * len(fields))})"
    )
    prepare = [(n, field) for n, field in enumerate(fields) if not isinstance(field, PLAIN_FIELDS)]
    return text, prepare


def update(instance: Model, *names: str) -> Statement[None]:
    """Updates these fields of a row that is locked, as `save(update_fields=…)` would, without
    signals.
    """
    fields: list[Any] = [instance._meta.get_field(name) for name in names]
    key = instance._meta.pk
    values = [_database_value(field, getattr(instance, field.attname)) for field in (*fields, key)]
    text = _update_text(type(instance), tuple(field.column for field in fields))
    return Statement(text, values, _nothing)


@cache
def _update_text(model: type[Model], columns: tuple[str, ...]) -> str:
    named = ", ".join(f'"{column}" = %s' for column in columns)
    return (
        f'UPDATE "{model._meta.db_table}" SET {named} '  # noqa: S608  # names of our own models
        f'WHERE "{model._meta.pk.column}" = %s'
    )


def _database_value(field: Any, value: Any) -> Any:
    return field.get_db_prep_save(value, connection=connection)


def _nothing(_: Rows) -> None:
    return None


class _Names(Mapping[str, str]):
    """Turns `%(name)s` into `%s` and notes the names in their order."""

    def __init__(self, names: list[str]) -> None:
        self._noted = names

    def __getitem__(self, name: str) -> str:
        self._noted.append(name)
        return "%s"

    def __iter__(self) -> Iterator[str]:
        return iter(self._noted)

    def __len__(self) -> int:
        return len(self._noted)


def _placeholder(value: object, names: list[str]) -> str:
    if isinstance(value, Parameter):
        names.append(value.name)
        return "%s"
    plain = str(value) if isinstance(value, str) else value  # a TextChoices value is an enum
    return sql.Literal(plain).as_string(None).replace("%", "%%")


def _unchanged(rows: Rows) -> Rows:
    return rows


def _log(statements: Sequence[Statement[Any]], seconds: float) -> None:
    """For `CaptureQueriesContext`, as Django's own cursors do; never the values."""
    for statement in statements:
        connection.queries_log.append({"sql": statement.text, "time": f"{seconds:.3f}"})
