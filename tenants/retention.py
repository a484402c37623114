"""Deleting rows that a tenant no longer keeps, in transactions of a bounded size.

The audit log is not touched: it is the record of what these rows were.
"""

from itertools import groupby
from uuid import UUID

from django.db import DatabaseError, models, transaction

from access.actor import system_actor
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import record_in_transaction
from foundation.db.due_rows import due_rows, log

BATCH = 500
MOST_BATCHES = 40  # in one run, because other tasks wait; the rest is deleted at the next


def delete_over(function: str, model: type[models.Model]) -> None:
    """Delete the rows that `function` finds, with one entry for each tenant and batch.

    A tenant whose rows cannot be deleted does not hold up the others.
    """
    failed: set[UUID] = set()
    for _ in range(MOST_BATCHES):
        found = due_rows(function, BATCH)
        by_tenant = groupby(sorted(found), key=lambda row: row[0])
        left = [(tenant, [row for _, row in rows]) for tenant, rows in by_tenant]
        left = [(tenant, rows) for tenant, rows in left if tenant not in failed]
        for tenant_id, rows in left:
            try:
                _delete(tenant_id, model, rows)
            except DatabaseError as error:
                failed.add(tenant_id)
                log.error("%s: %s: %s", function, tenant_id, type(error).__name__)
        if not left or len(found) < BATCH:
            return


def _delete(tenant_id: UUID, model: type[models.Model], rows: list[UUID]) -> None:
    with tenant_transaction(tenant_id):
        count, _ = models.QuerySet(model).filter(pk__in=rows).delete()
        record_in_transaction(
            system_actor("retention", tenant_id),
            Event.TENANT_RECORDS_DELETED,
            kind=model._meta.db_table,
            count=count,
        )


def delete_in_batches(rows: models.QuerySet[models.Model]) -> None:
    """Delete rows outside row-level security, a batch in each transaction."""
    for _ in range(MOST_BATCHES):
        with transaction.atomic():
            found = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
            models.QuerySet(rows.model).filter(pk__in=found).delete()
        if len(found) < BATCH:
            return
