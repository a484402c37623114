"""Mail without a mail server, outside development."""

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger(__name__)


class NoMailServer(BaseEmailBackend):
    """Sends nothing and says so; what a mail says may be a key to an account.

    The mail queues ask `delivers` first and leave their rows waiting (tenants/mail_queue.py).
    """

    delivers = False

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        log.warning("%d mails not sent: set VAULTSITE_EMAIL_URL", len(email_messages))
        return 0
