"""Background work: delivering notices."""

from celery import shared_task

from foundation.db.due_rows import due_rows
from tenants.mail_queue import BATCH, RowKey, deliver
from tenants.models import Notice
from tenants.notifications import NoticeQueue
from tenants.retention import delete_over


@shared_task(name="tenants.send_notices")
def send_notices() -> None:
    """Attempt every notice that is due."""
    deliver(NoticeQueue(), [RowKey(*found) for found in due_rows("notices_due", limit=BATCH)])


@shared_task(name="tenants.delete_old_notices")
def delete_old_notices() -> None:
    """Delete mail that was delivered, or given up, longer ago than its tenant keeps it."""
    delete_over("notices_over", Notice)
