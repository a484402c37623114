"""Queries that are compiled once and executed as server-side prepared statements.

The ORM spends more time on building and compiling a small query than PostgreSQL on answering it.
A `PreparedQuery` is an ordinary queryset whose varying values are `Parameter`s: Django compiles it
at its first use, and later calls only send the values. `execute` sends any number of statements in
one round trip (PostgreSQL's pipeline mode); each sees what was committed before it began.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.db.models.query import get_related_populators
from psycopg import sql
from psycopg.pq import ExecStatus
from psycopg.rows import TupleRow

M = TypeVar("M", bound=Model)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Rows = list[TupleRow]


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


class _Hydration(Generic[M]):
    """Rows to model instances, as Django's own `ModelIterable` does it."""

    def __init__(self, compiler: Any) -> None:
        self._compiler = compiler
        self._model: type[M] = compiler.klass_info["model"]
        columns = compiler.klass_info["select_fields"]
        self._columns = slice(columns[0], columns[-1] + 1)
        selected = compiler.select[self._columns]
        self._attributes = [expression.target.attname for expression, *_ in selected]
        self._related = get_related_populators(  # type: ignore[call-arg]  # the stubs are of a later Django
            compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
        )
        self._annotations: dict[str, int] = compiler.annotation_col_map
        self._converters = compiler.get_converters([part for part, *_ in compiler.select])

    def __call__(self, rows: Rows) -> list[M]:
        return [self._instance(row) for row in self._converted(rows)]

    def _converted(self, rows: Rows) -> Iterator[Sequence[Any]]:
        if not self._converters:
            return iter(rows)
        converted: Iterator[Sequence[Any]] = self._compiler.apply_converters(rows, self._converters)
        return converted

    def _instance(self, row: Sequence[Any]) -> M:
        values = row[self._columns]
        instance: M = self._model.from_db(DEFAULT_DB_ALIAS, self._attributes, values)
        for populator in self._related:
            populator.populate(row, instance)
        for name, position in self._annotations.items():
            setattr(instance, name, row[position])
        return instance


def execute(*statements: Statement[Any]) -> tuple[Any, ...]:
    """The results of the statements, which are executed in this order in one round trip.

    Django's own cursors are not used: they bind values on the client, where nothing is prepared.
    """
    if not statements:
        return ()
    connection.ensure_connection()
    began = time.monotonic()
    with connection.wrap_database_errors:
        database: psycopg.Connection[Any] = connection.connection
        cursors = [psycopg.Cursor(database) for _ in statements]
        if len(statements) == 1:
            cursors[0].execute(statements[0].text, statements[0].values, prepare=True)
        else:
            with database.pipeline():
                for cursor, statement in zip(cursors, statements, strict=True):
                    cursor.execute(statement.text, statement.values, prepare=True)
        results = tuple(
            statement.read(cursor.fetchall() if _has_rows(cursor) else [])
            for cursor, statement in zip(cursors, statements, strict=True)
        )
    if connection.queries_logged:
        _log(statements, time.monotonic() - began)
    return results


def _has_rows(cursor: psycopg.Cursor[Any]) -> bool:
    """As `cursor.description` would say, which describes every column each time."""
    return cursor.pgresult is not None and cursor.pgresult.status == ExecStatus.TUPLES_OK


def together(*writes: Statement[Any]) -> Statement[None]:
    """One statement that makes several changes, none of which reads what another changes."""
    *others, last = writes
    if not others:
        return last
    parts = ", ".join(f"w{number} AS ({write.text})" for number, write in enumerate(others))
    values = [value for write in writes for value in write.values]
    return Statement(f"WITH {parts} {last.text}", values, _nothing)


def fetch(statement: Statement[T]) -> T:
    """The result of one statement."""
    result: T = execute(statement)[0]
    return result


def insert(instance: Model) -> Statement[None]:
    """Inserts a new row, as `save(force_insert=True)` would, without signals."""
    values = [
        (field, field.pre_save(instance, add=True)) for field in instance._meta.concrete_fields
    ]
    given = [(field, value) for field, value in values if not isinstance(value, DatabaseDefault)]
    text = _insert_text(type(instance), tuple(field.column for field, _ in given))
    return Statement(text, [_database_value(field, value) for field, value in given], _nothing)


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
def _insert_text(model: type[Model], columns: tuple[str, ...]) -> str:
    named = ", ".join(f'"{column}"' for column in columns)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({named}) '  # noqa: S608  # names of our own models
        f"VALUES ({', '.join(['%s'] * len(columns))})"
    )


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
