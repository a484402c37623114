"""Background work on leases: tidying up after time, which has decided already."""

from celery import shared_task

from access.actor import machinery
from access.due import due_rows
from leases.operations import expire_due_lease


@shared_task(name="leases.expire_due_leases")
def expire_due_leases() -> None:
    """Note every lease whose time is over; one transaction a lease, safe to run twice."""
    for tenant_id, lease_id in due_rows("leases_due"):
        expire_due_lease(machinery("expiry", tenant_id), lease_id)
