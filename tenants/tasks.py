"""Background work for people: sending what waits to be told."""

import logging
import smtplib

from celery import shared_task

from access.due import due_rows
from tenants.notices import send_notice

log = logging.getLogger(__name__)


@shared_task(name="tenants.send_notices")
def send_notices() -> None:
    """Send every waiting notice; what the mail server does not take is tried again later."""
    for tenant_id, notice_id in due_rows("notices_due", limit=100):
        try:
            send_notice(tenant_id, notice_id)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("a notice could not be sent: %s", type(error).__name__)
            return
