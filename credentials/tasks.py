"""Background work on rotations: closing windows whose time is over."""

from celery import shared_task

from access.actor import machinery
from access.due import work_off
from credentials.operations import close_due_rotation


@shared_task(name="credentials.close_due_rotations")
def close_due_rotations() -> None:
    """Retire what every due window leaves behind; one transaction a window, safe to run twice."""
    work_off(
        "rotations_due",
        lambda tenant, due: close_due_rotation(machinery("rotation-window", tenant), due),
    )
