"""Background work: delivering notices."""

from celery import shared_task

from foundation.db.due_rows import due_rows
from tenants.mail_queue import BATCH, RowKey, deliver
from tenants.notifications import NoticeQueue


@shared_task(name="tenants.send_notices")
def send_notices() -> None:
    """Attempt every notice that is due."""
    deliver(NoticeQueue(), [RowKey(*found) for found in due_rows("notices_due", limit=BATCH)])
