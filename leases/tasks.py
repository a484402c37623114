"""Background work on leases: tidying up after time, which has decided already."""

from celery import shared_task

from access.actor import machinery
from access.due import work_off
from leases.operations import expire_due_lease


@shared_task(name="leases.expire_due_leases")
def expire_due_leases() -> None:
    """Note every lease whose time is over; one transaction a lease, safe to run twice."""
    work_off("leases_due", lambda tenant, due: expire_due_lease(machinery("expiry", tenant), due))
