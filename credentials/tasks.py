"""Background work: closing what has expired, and rewrapping data keys after a key rotation."""

from uuid import UUID

from celery import shared_task

from access.actor import system_actor
from credentials.operations import close_due_rotation, expire_due_grant, rewrap_due_key
from credentials.reminders import find_ends
from foundation.db.due_rows import process_due
from tenants.reminders import remind_of_ends


@shared_task(name="credentials.close_due_rotations")
def close_due_rotations() -> None:
    """Close every window that is over; one transaction per window, safe to run twice."""
    process_due(
        "rotations_due",
        lambda tenant, due: close_due_rotation(system_actor("rotation-window", tenant), due),
    )


@shared_task(name="credentials.expire_due_grants")
def expire_due_grants() -> None:
    """Delete every expired grant; one transaction per grant, safe to run twice."""
    process_due(
        "grants_due",
        lambda tenant, due: expire_due_grant(system_actor("grant-expiry", tenant), due),
    )


@shared_task(name="credentials.remind_of_ends")
def remind_of_credential_ends() -> None:
    """Remind people of values and grants that end soon; safe to run twice."""
    remind_of_ends(find_ends)


BATCHES = 50


@shared_task(name="credentials.rewrap_due_keys")
def rewrap_due_keys() -> None:
    """Rewrap with the active key what older keys still wrap.

    Safe to run twice and to be killed: what is left stays due.
    """
    process_due("keys_due", _rewrap)


def _rewrap(tenant: UUID, key: UUID) -> None:
    """One transaction per batch, and few in a row, because other tenants wait."""
    actor = system_actor("key-rewrap", tenant)
    for _ in range(BATCHES):
        if not rewrap_due_key(actor, key):
            return
