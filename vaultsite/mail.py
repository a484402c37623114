"""Mail without a mail server, outside development."""

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger(__name__)


class NoMailServer(BaseEmailBackend):
    """Sends nothing and logs that, without the text: a mail may contain a link to an account.

    The mail queues check `delivers` first and keep their rows (tenants/mail_queue.py).
    """

    delivers = False

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        log.warning("%d mails not sent: set VAULTSITE_EMAIL_URL", len(email_messages))
        return 0
