"""Background work on rotations: closing windows whose time is over."""

from celery import shared_task

from access.actor import machinery
from access.due import work_off
from credentials.operations import close_due_rotation, expire_due_grant


@shared_task(name="credentials.close_due_rotations")
def close_due_rotations() -> None:
    """Retire what every due window leaves behind; one transaction a window, safe to run twice."""
    work_off(
        "rotations_due",
        lambda tenant, due: close_due_rotation(machinery("rotation-window", tenant), due),
    )


@shared_task(name="credentials.expire_due_grants")
def expire_due_grants() -> None:
    """Tidy away every grant whose time is over; one transaction a grant, safe to run twice."""
    work_off(
        "grants_due",
        lambda tenant, due: expire_due_grant(machinery("grant-expiry", tenant), due),
    )
