"""Background work: what time has ended is tidied away, and data keys follow their tenant's key."""

from uuid import UUID

from celery import shared_task

from access.actor import system_actor
from credentials.operations import close_due_rotation, expire_due_grant, rewrap_due_key
from foundation.db.due_rows import process_due


@shared_task(name="credentials.close_due_rotations")
def close_due_rotations() -> None:
    """Retire what every due window leaves behind; one transaction a window, safe to run twice."""
    process_due(
        "rotations_due",
        lambda tenant, due: close_due_rotation(system_actor("rotation-window", tenant), due),
    )


@shared_task(name="credentials.expire_due_grants")
def expire_due_grants() -> None:
    """Tidy away every grant whose time is over; one transaction a grant, safe to run twice."""
    process_due(
        "grants_due",
        lambda tenant, due: expire_due_grant(system_actor("grant-expiry", tenant), due),
    )


BATCHES = 50


@shared_task(name="credentials.rewrap_due_keys")
def rewrap_due_keys() -> None:
    """Wrap by the active key what a key that was rotated still wraps; safe to run twice, and to be
    killed: what is left is due again.
    """
    process_due("keys_due", _rewrap)


def _rewrap(tenant: UUID, key: UUID) -> None:
    """One transaction a batch, and not too many in a row: other tenants wait, too."""
    actor = system_actor("key-rewrap", tenant)
    for _ in range(BATCHES):
        if not rewrap_due_key(actor, key):
            return
