"""Every column that takes listed values refuses any other, whoever writes it (SQL included)."""

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import models

from tests.contracts.models import our_models
from tests.environment import WORKER
from tests.storage import owner_sql

SHORT = 20  # characters: no free text is that short
# Short texts that are no list of values, and tables that stay empty.
FREE = {
    "Entry.role": "a copy of what the membership said",
    "DeviceGrant.status": "the device flow is not mounted: no rows",
    "DeviceGrant.user_code": "the device flow is not mounted: no rows",
}
# A constraint over several columns names each value with what goes with it.
COMBINED = {
    "AccountProof.kind": "proof_is_a_hash_or_a_public_key",
    "Client.client_type": "only_service_accounts_are_confidential",
}


def columns() -> "list[tuple[type[models.Model], models.Field[Any, Any]]]":
    """The columns that have choices, or are too short for anything but a list of values."""
    return [
        (model, field)
        for model in our_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField)
        and (field.choices or (field.max_length or SHORT + 1) <= SHORT)
        and f"{model.__name__}.{field.name}" not in FREE
    ]


def constraints_of(model: type[models.Model], field: str) -> list[models.CheckConstraint]:
    return [
        constraint
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
        and constraint.condition == models.Q(**{f"{field}__in": _values(constraint)})
    ]


def _values(constraint: models.CheckConstraint) -> Any:
    condition = constraint.condition
    (child, *_) = condition.children if isinstance(condition, models.Q) else (None,)
    return child[1] if isinstance(child, tuple) else None


@pytest.mark.parametrize(
    ("model", "field"),
    columns(),
    ids=lambda one: getattr(one, "__name__", getattr(one, "name", "")),
)
def test_the_database_knows_the_values(
    database: None, model: type[models.Model], field: "models.Field[Any, Any]"
) -> None:
    combined = COMBINED.get(f"{model.__name__}.{field.name}")
    if combined is not None:
        definition = _definition(model._meta.db_table, combined)
        assert definition is not None
        assert all(f"'{value}'" in definition for value, _ in field.flatchoices)
        return
    (constraint,) = constraints_of(model, field.name)
    known = {str(value) for value in _values(constraint)}
    chosen = {str(value) for value, _ in field.flatchoices}
    assert chosen <= known or known <= chosen

    definition = _definition(model._meta.db_table, constraint.name)
    assert definition is not None
    assert all(f"'{value}'" in definition for value in known)
    assert str(field.column) in definition


def test_the_rows_from_before_a_constraint_were_checked(database: None) -> None:
    """One that stays NOT VALID says nothing about them; each has a later migration."""
    assert owner_sql("SELECT conname FROM pg_constraint WHERE NOT convalidated") == []


def _definition(table: str, name: str) -> str | None:
    url = str(settings.ENVIRONMENT.database_owner_url).rpartition("/")[0]
    with psycopg.connect(f"{url}/test_vault_{WORKER}") as owner:
        row = owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = %s AND conrelid = %s::regclass AND contype = 'c'",
            [name, table],
        ).fetchone()
    return None if row is None else str(row[0])


def test_what_needs_no_list_is_there() -> None:
    names = {
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.concrete_fields
    }
    assert set(FREE) <= names
