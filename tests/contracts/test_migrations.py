"""Every migration can run beside the version before it; docs/upgrading.md states these rules."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.migrations import Migration
from django.db.migrations import operations as steps
from django.db.migrations.loader import MigrationLoader

# Made before there was any installation that could have been upgraded, and before the rules.
OLDER = {
    ("tenants", "0002_groups_services_requests"),
    ("tenants", "0004_revisions"),
    ("credentials", "0002_groups_services_requests"),
    ("credentials", "0003_rewrapping"),
    ("identity", "0003_machines"),
}
OURS = {
    one.label for one in apps.get_app_configs() if Path(one.path).parent == Path(settings.BASE_DIR)
}
WRITING = re.compile(r"\b(UPDATE|INSERT|DELETE|TRUNCATE)\b", re.IGNORECASE)
CONTRACTING = (
    steps.RemoveField,
    steps.RenameField,
    steps.DeleteModel,
    steps.RenameModel,
    steps.AlterModelTable,
)


def migrations() -> list[Migration]:
    """Those of the project that are not the first of their app."""
    found = MigrationLoader(None).disk_migrations
    return [
        one
        for (app, _), one in sorted(found.items())
        if app in OURS and not one.name.startswith("0001_")
    ]


def broken(migration: Migration) -> list[str]:
    """The rules that the migration breaks."""
    made = {one.name_lower for one in migration.operations if isinstance(one, steps.CreateModel)}
    changed = {name for one in migration.operations if (name := _changed(one)) not in {None, *made}}
    rules = {
        "atomic: it can be rolled back and tried again": migration.atomic,
        "at most one existing table, so that it holds no lock while it waits for another": len(
            changed
        )
        <= 1,
        "rows are changed in a migration of their own": not (changed and _writes(migration)),
        "what the version before uses goes in a migration that is named `contract_…`": (
            "_contract_" in migration.name
            or not any(isinstance(one, CONTRACTING) for one in migration.operations)
        ),
        "a new column can be left out by the version before": all(
            field.null or field.has_db_default() for field in _added(migration, made)
        ),
    }
    return [rule for rule, holds in rules.items() if not holds]


def _changed(step: object) -> str | None:
    """The model whose table a step changes."""
    if isinstance(step, steps.DeleteModel | steps.AlterModelTable):
        return step.name_lower
    if isinstance(step, steps.RenameModel):
        return step.old_name_lower
    name = getattr(step, "model_name", None)
    return name.lower() if isinstance(name, str) else None


def _writes(migration: Migration) -> bool:
    return any(
        isinstance(one, steps.RunPython)
        or (isinstance(one, steps.RunSQL) and WRITING.match(str(one.sql).lstrip()) is not None)
        for one in migration.operations
    )


def _added(migration: Migration, made: set[str]) -> "Iterator[models.Field[object, object]]":
    for one in migration.operations:
        if isinstance(one, steps.AddField) and one.model_name_lower not in made:
            yield one.field


@pytest.mark.parametrize("migration", migrations(), ids=str)
def test_a_migration_runs_beside_the_version_before(migration: Migration) -> None:
    if (migration.app_label, migration.name) in OLDER:
        assert broken(migration), "it keeps the rules: take it off the list"
    else:
        assert broken(migration) == []


def test_the_rules_refuse_what_they_are_for() -> None:
    number = models.IntegerField()
    tried: list[tuple[str, list[steps.base.Operation]]] = [
        ("0009_x", [steps.AddField("credential", "n", number)]),
        ("0009_x", [steps.RemoveField("credential", "n")]),
        ("0009_x", [steps.RunSQL("UPDATE a SET b = 1"), steps.RemoveConstraint("credential", "c")]),
        ("0009_x", [steps.RemoveConstraint("grant", "c"), steps.RemoveConstraint("folder", "c")]),
    ]
    for name, operations in tried:
        assert len(broken(_migration(name, operations))) == 1, operations
    assert broken(_migration("0009_contract_n", [steps.RemoveField("credential", "n")])) == []


def _migration(name: str, operations: list[steps.base.Operation]) -> Migration:
    migration = Migration(name, "credentials")
    migration.operations = operations  # type: ignore[misc]  # as Django's own __init__ does
    return migration
