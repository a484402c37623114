"""Mails to people about their own account: written with the change, sent later by the worker.

As notices of a tenant do (`tenants.notices`), they wait in the database, so that nothing in a
request waits for a mail server. One may come twice when the worker dies in between.
"""

from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db.transaction import atomic
from django.template.loader import render_to_string
from django.utils import timezone

from identity.models import Letter
from tenants.models import Person


class LetterKind(StrEnum):
    """What people are told about; each has a template of its name."""

    NEW_PLACE = "new_place"
    FACTORS_CHANGED = "factors_changed"
    PASSWORD_CHANGED = "password_changed"


def write_letter(person: Person, kind: LetterKind, **facts: str) -> None:
    """Put a mail down; joins the running transaction."""
    Letter.objects.create(person=person, kind=kind, facts=facts)


def waiting_letters(limit: int) -> list[UUID]:
    """The oldest that were not sent yet."""
    rows = Letter.objects.filter(sent_at=None).order_by("created_at")
    return list(rows.values_list("pk", flat=True)[:limit])


def send_letter(letter_id: UUID) -> bool:
    """Send one waiting letter; False when another worker has it or has sent it."""
    with atomic():
        letter = (
            Letter.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(pk=letter_id, sent_at=None)
            .select_related("person")
            .first()
        )
        if letter is None:
            return False
        subject, body = _words(letter)
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [letter.person.email])
        letter.sent_at = timezone.now()
        letter.save(update_fields=["sent_at"])
    return True


def _words(letter: Letter) -> tuple[str, str]:
    """The first line of the template is the subject."""
    shown = {**letter.facts, "person": letter.person.email, "site": settings.PUBLIC_URL}
    text = render_to_string(f"letters/{LetterKind(letter.kind)}.txt", shown)
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip() + "\n"
