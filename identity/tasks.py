"""Background work: deleting what is over, and delivering letters."""

from datetime import datetime, timedelta

from celery import shared_task
from django.db import transaction
from django.db.models import Exists, OuterRef

from access.actor import system_actor
from audit.events import Event
from audit.recording import INSTALLATION, record_in_transaction
from foundation.db.clock import database_now
from identity.models import AccessToken, AuthorizeRequest, Client, Consent, Letter, RefreshToken
from identity.service_accounts.models import AccountProof, PersonalToken, UsedAssertion
from identity.sign_in.security_emails import LetterQueue, letters_due
from identity.sign_in.session_store import SessionStore
from identity.tokens.signing_keys import forget_old_keys
from tenants.mail_queue import MailState, deliver

UNUSED_REGISTRATION = timedelta(hours=24)
KEPT = timedelta(hours=24)  # while a late replay is worth noticing
KEPT_PROOF = timedelta(days=30)  # while somebody may look for what stopped working
KEPT_LETTER = timedelta(days=7)
KEPT_UNDELIVERED = timedelta(days=30)  # while an operator may look into it
KEPT_CONSENT = timedelta(
    days=8
)  # longer than any lease, because removing a client finds its leases by consents


@shared_task(name="identity.purge")
def purge() -> None:
    """Delete registrations that nobody authorised, and codes, tokens and requests long over."""
    with transaction.atomic():
        now = database_now()
        _delete_unused_clients(now)
        _delete_expired(now)
        forget_old_keys()
        SessionStore.clear_expired()


@shared_task(name="identity.send_letters")
def send_letters() -> None:
    """Attempt every letter that is due."""
    deliver(LetterQueue(), letters_due())


def _delete_unused_clients(now: datetime) -> None:
    unused = Client.objects.filter(
        registration_source=Client.RegistrationSource.DCR,
        authorized_at=None,
        created__lt=now - UNUSED_REGISTRATION,
    )
    _, dropped = unused.delete()
    if count := dropped.get("identity.Client", 0):
        actor = system_actor("identity purge", INSTALLATION)
        record_in_transaction(actor, Event.CLIENT_REMOVED, reason="never authorised", count=count)


def _delete_expired(now: datetime) -> None:
    Letter.objects.filter(sent_at__lt=now - KEPT_LETTER).delete()
    undelivered = Letter.objects.exclude(state=MailState.WAITING)
    undelivered.filter(created_at__lt=now - KEPT_UNDELIVERED).delete()
    AuthorizeRequest.objects.filter(expires_at__lt=now - KEPT).delete()
    AccessToken.objects.filter(expires__lt=now - KEPT).delete()
    RefreshToken.objects.filter(expires_at__lt=now - KEPT).delete()
    UsedAssertion.objects.filter(expires_at__lt=now - KEPT).delete()
    AccountProof.objects.filter(expires_at__lt=now - KEPT_PROOF).delete()
    PersonalToken.objects.filter(expires_at__lt=now - KEPT_PROOF).delete()
    Consent.objects.filter(
        ~Exists(AccessToken.objects.filter(consent=OuterRef("pk"))),
        ~Exists(RefreshToken.objects.filter(consent=OuterRef("pk"))),
        given_at__lt=now - KEPT_CONSENT,
    ).delete()
