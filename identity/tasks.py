"""Background work: deleting what is over, and delivering letters."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

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
from tenants.retention import delete_in_batches

SELF_REGISTERED = (Client.RegistrationSource.DCR, Client.RegistrationSource.CIMD)
MOST_CLIENTS = 2000  # at a time
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
    """Delete registrations that nobody authorised, and codes, tokens and requests long over; a
    bounded number in each transaction.
    """
    now = database_now()
    with transaction.atomic():
        _delete_unused_clients(now)
    for rows in _expired(now):
        delete_in_batches(rows)
    with transaction.atomic():
        forget_old_keys()
        SessionStore.clear_expired()


@shared_task(name="identity.send_letters")
def send_letters() -> None:
    """Attempt every letter that is due."""
    deliver(LetterQueue(), letters_due())


def _delete_unused_clients(now: datetime) -> None:
    unused = Client.objects.filter(
        registration_source__in=SELF_REGISTERED,
        authorized_at=None,
        created__lt=now - UNUSED_REGISTRATION,
    )
    first = list(unused.order_by("pk").values_list("pk", flat=True)[:MOST_CLIENTS])
    _, dropped = Client.objects.filter(pk__in=first).delete()
    if count := dropped.get("identity.Client", 0):
        actor = system_actor("identity purge", INSTALLATION)
        record_in_transaction(actor, Event.CLIENT_REMOVED, reason="never authorised", count=count)


def _expired(now: datetime) -> Iterator[QuerySet[Any]]:
    """What is long over. Consents come last, because their tokens refer to them."""
    yield Letter.objects.filter(sent_at__lt=now - KEPT_LETTER)
    undelivered = Letter.objects.exclude(state=MailState.WAITING)
    yield undelivered.filter(created_at__lt=now - KEPT_UNDELIVERED)
    yield AuthorizeRequest.objects.filter(expires_at__lt=now - KEPT)
    yield AccessToken.objects.filter(expires__lt=now - KEPT)
    yield RefreshToken.objects.filter(expires_at__lt=now - KEPT)
    yield UsedAssertion.objects.filter(expires_at__lt=now - KEPT)
    yield AccountProof.objects.filter(expires_at__lt=now - KEPT_PROOF)
    yield PersonalToken.objects.filter(expires_at__lt=now - KEPT_PROOF)
    yield Consent.objects.filter(
        ~Exists(AccessToken.objects.filter(consent=OuterRef("pk"))),
        ~Exists(RefreshToken.objects.filter(consent=OuterRef("pk"))),
        given_at__lt=now - KEPT_CONSENT,
    )
