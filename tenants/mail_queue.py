"""Outgoing mail: rows that wait in the database until the worker delivers them.

A row commits together with the change it reports, so no request waits for a mail server. Delivery
takes three steps: a short transaction claims the row, the message is sent while no transaction is
open, and another short transaction records the outcome. A claim is a lease: the next attempt is
due when it ends, so a row whose worker died is tried again, and its message may then arrive twice.
"""

import logging
import smtplib
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.db import connection, models
from django.db.models.functions import Now
from django.template.loader import render_to_string

from foundation.db.clock import database_now

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=110)
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
MOST_ATTEMPTS = 12  # spread over about 20 hours
LIFETIME = timedelta(days=7)
BATCH = 100
BATCH_SECONDS = 20  # of one worker's time, so that other tasks get their turn
PAUSE_SECONDS = 10  # after the server was unreachable
PAUSED = "mail:paused"
OVERDUE = timedelta(minutes=10)
RECENTLY = timedelta(days=1)


class MailState(models.TextChoices):
    """`waiting` until it is `sent`, `failed` for good, `expired` after waiting for more than a
    week, or `withdrawn` because there is nothing left to say.
    """

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OutgoingMail(models.Model):
    """The base of every mail queue. `kind` names the template; `facts` holds what it shows and
    never a secret. `failure` is the last error's class and SMTP code: its text may hold addresses.
    """

    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    state = models.CharField(
        max_length=9, choices=MailState.choices, default=MailState.WAITING, db_default="waiting"
    )
    created_at = models.DateTimeField(db_default=Now())
    next_attempt_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    failure = models.CharField(max_length=60, blank=True, default="", db_default="")
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def known_state(name: str) -> models.CheckConstraint:
    """The constraint that every mail queue has on its states."""
    return models.CheckConstraint(name=name, condition=models.Q(state__in=MailState.values))


def due_index(name: str) -> models.Index:
    """The index by which due rows are found."""
    waiting = models.Q(state=MailState.WAITING)
    return models.Index(fields=["next_attempt_at"], condition=waiting, name=name)


class Outstanding(NamedTuple):
    """How many rows wait for longer than `OVERDUE`, and how many were given up since `RECENTLY`."""

    overdue: int
    given_up: int


def failed_index(name: str) -> models.Index:
    """The index by which the rows that were given up are found."""
    return models.Index(
        fields=["failed_at"], condition=models.Q(failed_at__isnull=False), name=name
    )


class RowKey(NamedTuple):
    """Where a row is; `tenant_id` is None in tables outside row-level security."""

    tenant_id: UUID | None
    row_id: UUID


M = TypeVar("M", bound=OutgoingMail)


class MailQueue(Protocol[M]):
    """What differs between the tables of outgoing mail."""

    name: str
    model: type[M]

    def transaction(self, key: RowKey) -> AbstractContextManager[Any]:
        """A transaction that may touch the row."""

    def rows(self, key: RowKey) -> models.QuerySet[M]:
        """The row of this key, with everything that `compose` reads."""

    def compose(self, row: M) -> EmailMessage | None:
        """The message; None when there is nothing left to say."""


class ServerUnavailable(Exception):
    """The mail server cannot be reached, or accepts nothing from us."""


def message_from(
    row: OutgoingMail, template: str, facts: dict[str, str], address: str | None
) -> EmailMessage | None:
    """The rendered template, or None without an address; the template's first line is the subject.

    Every attempt carries the same Message-ID, so that a mailbox can drop a repeated message.
    """
    if address is None:
        return None
    subject, _, body = render_to_string(template, facts).partition("\n")
    message_id = f"<{row.pk}@{settings.ENVIRONMENT.host}>"
    return EmailMessage(
        subject.strip(), body.strip() + "\n", to=[address], headers={"Message-ID": message_id}
    )


def mail_is_configured() -> bool:
    """Whether a mail server is configured; without one, mail waits (vaultsite/mail.py)."""
    return getattr(get_connection(), "delivers", True)


def deliver(queue: MailQueue[M], due: Iterable[RowKey]) -> None:
    """Attempt each due row once; a row that fails does not hold up the others.

    The batch ends early when the mail server is unavailable. At most one batch of a queue runs at a
    time while the cache is reachable; claims keep several apart in any case.
    """
    turn = f"mail:turn:{queue.name}"
    if not mail_is_configured() or cache.get(PAUSED):
        return
    if not cache.add(turn, 1, timeout=CLAIM.seconds):
        return
    try:
        _attempt_all(queue, due)
    except ServerUnavailable as error:
        cache.set(PAUSED, 1, timeout=PAUSE_SECONDS)
        _report(queue.name, "the mail server is unavailable", str(error))
    finally:
        cache.delete(turn)


def _attempt_all(queue: MailQueue[M], due: Iterable[RowKey]) -> None:
    end = time.monotonic() + BATCH_SECONDS
    for key in due:
        if time.monotonic() > end:
            return
        Attempt(queue, key).make()


@dataclass(slots=True)
class Attempt(Generic[M]):
    """One attempt to deliver one row; `number` distinguishes this claim from a later one."""

    queue: MailQueue[M]
    key: RowKey
    number: int = 0

    def make(self) -> None:
        """Connect, claim, send and record the outcome; ServerUnavailable when others would fail
        for the same reason.
        """
        connection.close()  # no database connection is held during the call to the mail server
        server = get_connection()
        try:
            server.open()
        except OSError as error:
            raise ServerUnavailable(describe(error)) from None
        with suppress(OSError), closing(server):
            if self._claim():
                self._send(server)

    def _claim(self) -> bool:
        with self.queue.transaction(self.key):
            row = self._waiting(next_attempt_at__lte=Now()).select_for_update(
                of=("self",), skip_locked=True
            )
            if (found := row.first()) is None:
                return False
            now = database_now()
            if found.created_at < now - LIFETIME:
                self._waiting().update(state=MailState.EXPIRED, failed_at=now)
                return False
            self.number = found.attempts + 1
            self._waiting().update(attempts=self.number, next_attempt_at=now + CLAIM)
        return True

    def _send(self, server: Any) -> None:
        try:
            with self.queue.transaction(self.key):
                row = self._waiting().first()
                message = self.queue.compose(row) if row else None
            connection.close()
            if message is not None:
                message.connection = server
                message.send()
        except Exception as error:  # noqa: BLE001  # whatever it is, the other rows are due too
            self._failed(error)
        else:
            self._succeeded(sent=message is not None)

    def _succeeded(self, *, sent: bool) -> None:
        if sent:
            self._record(state=MailState.SENT, sent_at=database_now(), failure="")
        else:
            self._record(state=MailState.WITHDRAWN)

    def _failed(self, error: Exception) -> None:
        now = database_now()
        if concerns_everything(error):
            self._record(attempts=self.number - 1, next_attempt_at=now)
            raise ServerUnavailable(describe(error)) from None
        failure = describe(error)
        _report(self.queue.name, "a message was not taken", failure)
        if is_permanent(error) or self.number >= MOST_ATTEMPTS:
            self._record(state=MailState.FAILED, failed_at=now, failure=failure)
        else:
            self._record(next_attempt_at=now + delay_after(self.number), failure=failure)

    def _record(self, **outcome: Any) -> None:
        """Unless another claim took over; a sent message is recorded in any case."""
        with self.queue.transaction(self.key):
            conditions = {} if outcome.get("state") == MailState.SENT else {"attempts": self.number}
            self._waiting(**conditions).update(**outcome)

    def _waiting(self, **lookup: Any) -> models.QuerySet[M]:
        return self.queue.rows(self.key).filter(state=MailState.WAITING, **lookup)


def delay_after(attempts: int) -> timedelta:
    """How long to wait after that many failed attempts: twice as long each time."""
    return min(FIRST_RETRY * (1 << attempts - 1), LONGEST_RETRY)


def is_permanent(error: Exception) -> bool:
    """Whether the server refused the recipient or the message for good (RFC 5321 §4.2.1)."""
    about_the_message = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    return about_the_message and 500 <= (smtp_code(error) or 0) < 600


def concerns_everything(error: Exception) -> bool:
    """Whether every other message would fail alike: no connection, or our sender is refused."""
    return isinstance(error, ConnectionRefusedError | smtplib.SMTPSenderRefused)


def smtp_code(error: Exception) -> int | None:
    """The reply code, where the error carries one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((reply[0] for reply in error.recipients.values()), None)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def describe(error: Exception) -> str:
    """Class and SMTP code; the text may contain an address."""
    code = smtp_code(error)
    return type(error).__name__ + (f" {code}" if code else "")


def _report(queue: str, what: str, failure: str) -> None:
    """One log line per minute and cause."""
    if cache.add(f"mail:reported:{queue}:{what}:{failure}".replace(" ", "_"), 1, timeout=60):
        log.warning("%s: %s: %s", queue, what, failure)
