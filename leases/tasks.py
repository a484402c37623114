"""Background work on leases: recording those that have expired."""

from celery import shared_task

from access.actor import system_actor
from foundation.db.due_rows import process_due
from leases.models import Lease
from leases.operations import expire_due_lease
from tenants.retention import delete_over


@shared_task(name="leases.expire_due_leases")
def expire_due_leases() -> None:
    """Record every lease that has expired; one transaction per lease, safe to run twice."""
    process_due(
        "leases_due", lambda tenant, due: expire_due_lease(system_actor("expiry", tenant), due)
    )


@shared_task(name="leases.delete_old_leases")
def delete_old_leases() -> None:
    """Delete leases that ended longer ago than their tenant keeps them; safe to run twice."""
    delete_over("leases_over", Lease)
