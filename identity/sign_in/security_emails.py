"""Mail to people about their own account; the worker delivers it (tenants/mail_queue.py)."""

from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.db.transaction import atomic

from identity.models import Letter
from identity.sign_in.password_links import password_link
from tenants.mail_queue import (
    BATCH,
    OVERDUE,
    RECENTLY,
    MailState,
    Outstanding,
    RowKey,
    message_from,
)
from tenants.models import Person


class LetterKind(StrEnum):
    """The subjects of letters; each has a template of its name."""

    NEW_PLACE = "new_place"
    FACTORS_CHANGED = "factors_changed"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET = "password_reset"


def write_letter(person: Person, kind: LetterKind, **facts: str) -> None:
    """Queue a letter; joins the running transaction."""
    Letter.objects.create(person=person, kind=kind, facts=facts)


def letters_due(limit: int = BATCH) -> list[RowKey]:
    """The letters whose next attempt is due, oldest first."""
    rows = Letter.objects.filter(state=MailState.WAITING, next_attempt_at__lte=Now())
    found = rows.order_by("next_attempt_at").values_list("pk", flat=True)[:limit]
    return [RowKey(None, letter_id) for letter_id in found]


def letters_outstanding() -> Outstanding:
    """The outstanding letters of everybody."""
    waiting = Letter.objects.filter(state=MailState.WAITING, created_at__lt=Now() - OVERDUE)
    given_up = Letter.objects.filter(failed_at__gt=Now() - RECENTLY)
    return Outstanding(waiting.count(), given_up.count())


class LetterQueue:
    """The letters, for `tenants.mail_queue`."""

    name = "letters"
    model = Letter

    def transaction(self, _: RowKey) -> AbstractContextManager[Any]:
        return atomic(durable=True)

    def rows(self, key: RowKey) -> QuerySet[Letter]:
        return Letter.objects.filter(pk=key.row_id).select_related("person")

    def compose(self, row: Letter) -> EmailMessage | None:
        shown = {**row.facts, "person": row.person.email, "site": settings.PUBLIC_URL}
        if row.kind == LetterKind.PASSWORD_RESET:
            # Computed now and not stored, so that a copy of the database opens no account.
            shown["link"] = password_link(row.person)
        return message_from(row, f"letters/{LetterKind(row.kind)}.txt", shown, row.person.email)
