"""What people's sign-ins leave in the audit log, and what a new password ends."""

from typing import Any

from django.db.models import Q
from django.db.transaction import atomic
from django.http import HttpRequest

from access.actions import Door
from access.actor import Actor
from audit.events import Event, Outcome
from audit.recording import INSTALLATION, record_alone
from identity.families import end_where
from identity.origins import address_of, request_id_of
from tenants.models import Person


def signed_in(request: HttpRequest, user: Person, **_: Any) -> None:
    """Receiver of Django's `user_logged_in`. Without the entry there is no sign-in."""
    record_alone(_at_the_door(request, user), Event.SESSION_SIGNED_IN)


def sign_in_failed(request: HttpRequest | None, **_: Any) -> None:
    """Receiver of `user_login_failed`. What was typed is not kept: it may be a password."""
    if request is not None:
        actor = _at_the_door(request, None)
        record_alone(actor, Event.SESSION_FAILED, outcome=Outcome.DENIED)


def signed_out(request: HttpRequest, user: Person | None, **_: Any) -> None:
    """Receiver of Django's `user_logged_out`."""
    if user is not None:
        record_alone(_at_the_door(request, user), Event.SESSION_SIGNED_OUT)


def password_changed(request: HttpRequest, user: Person, **_: Any) -> None:
    """Receiver of allauth's `password_changed` and `password_reset`: every agent connects anew."""
    with atomic():
        record_alone(_at_the_door(request, user), Event.SESSION_PASSWORD_CHANGED)
        end_where(Q(person=user), Event.TOKEN_REVOKED, "password changed")


def _at_the_door(request: HttpRequest, person: Person | None) -> Actor:
    return Actor(
        tenant_id=INSTALLATION,
        door=Door.CONSOLE,
        person_id=person.pk if person else None,
        request_id=request_id_of(request),
        address=address_of(request),
    )
