"""Browser sessions, known places, mail to people about their own accounts, and milestones."""

from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from foundation.db.ids import uuid7
from tenants.mail_queue import OutgoingMail, due_index, failed_index, known_state
from tenants.models import Person


class BrowserSession(AbstractBaseSession):
    """A browser's session; after signing in with its person, and where and when that was.

    The key is a digest (`identity.sign_in.session_store`), so that knowing a row signs nobody in.
    """

    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    signed_in_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=80, blank=True)
    # Recorded at most once a minute, so that most requests write nothing.
    last_seen_at = models.DateTimeField(db_default=Now())
    person_id: UUID | None

    class Meta:
        indexes = [models.Index(fields=["person", "expire_date"], name="session_person")]

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """The store for decoding a row; by its setting, because the store imports this model."""
        store: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        return store


class KnownPlace(models.Model):
    """A network and browser from which a person has signed in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    network = models.CharField(max_length=64)
    browser = models.CharField(max_length=80)
    first_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "network", "browser"], name="known_place")
        ]


class Letter(OutgoingMail):
    """A mail to a person about their own account."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [known_state("letter_state")]
        indexes = [due_index("letter_due"), failed_index("letter_failed")]


class Milestone(models.Model):
    """Something that happens once in an installation, and who did it."""

    name = models.CharField(primary_key=True, max_length=40)
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(db_default=Now())
    person_id: UUID | None
