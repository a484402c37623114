"""What sign-ins and account changes leave in the audit log, send by mail, and end."""

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from django.db.models import Q
from django.db.transaction import atomic
from django.http import HttpRequest
from django.utils import timezone

from access.actions import Channel
from access.actor import Actor, system_actor
from audit.events import Event, Outcome
from audit.recording import INSTALLATION, record_separately
from identity.models import BrowserSession, KnownPlace
from identity.service_accounts.personal_tokens import revoke_tokens_of
from identity.sign_in.actors import sign_in_actor
from identity.sign_in.security_emails import LetterKind, write_letter
from identity.sign_in.session_store import SIGN_IN, digest
from identity.tokens.grant_family import end_families
from identity.web.request_context import address_of, browser_of, network_of
from tenants.models import Person
from tenants.notifications import notify_of_place

FACTORS = {
    "totp": "an authenticator app",
    "webauthn": "a passkey",
    "recovery_codes": "recovery codes",
}


def signed_in(request: HttpRequest, user: Person, **_: Any) -> None:
    """Receiver of Django's `user_logged_in`. Without the entry there is no sign-in."""
    with atomic():
        record_separately(sign_in_actor(request, user.pk), Event.SESSION_SIGNED_IN)
        _remember_place(request, user)
    request.session[SIGN_IN] = {
        "at": timezone.now().isoformat(),
        "address": address_of(request),
        "browser": browser_of(request),
    }


def _remember_place(request: HttpRequest, person: Person) -> None:
    """Write to the person and their tenants' owners about a new place, unless it is their first."""
    browser = browser_of(request)
    places = KnownPlace.objects.filter(person=person)
    is_first = not places.exists()
    _, is_new = places.get_or_create(person=person, network=network_of(request), browser=browser)
    if is_new and not is_first:
        facts = {"address": address_of(request), "browser": browser, "when": _now_as_text()}
        write_letter(person, LetterKind.NEW_PLACE, **facts)
        notify_of_place(person, **facts)


def sign_in_failed(request: HttpRequest | None, **_: Any) -> None:
    """Receiver of `user_login_failed`. The input is not recorded: it may be a password."""
    if request is not None:
        actor = sign_in_actor(request, None)
        record_separately(actor, Event.SESSION_FAILED, outcome=Outcome.DENIED)


def factor_refused(request: HttpRequest, person: Person | None) -> None:
    """Record a wrong code or passkey."""
    actor = sign_in_actor(request, person.pk if person else None)
    record_separately(actor, Event.SESSION_FAILED, outcome=Outcome.DENIED, step="second factor")


def signed_out(request: HttpRequest, user: Person | None, **_: Any) -> None:
    """Receiver of Django's `user_logged_out`."""
    if user is not None:
        record_separately(sign_in_actor(request, user.pk), Event.SESSION_SIGNED_OUT)


def password_changed(request: HttpRequest, user: Person, **_: Any) -> None:
    """Receiver of allauth's `password_changed` and `password_reset`: every agent has to connect
    again, every other browser to sign in again, and personal tokens end.
    """
    with atomic():
        record_separately(sign_in_actor(request, user.pk), Event.SESSION_PASSWORD_CHANGED)
        end_families(Q(person=user), Event.TOKEN_REVOKED, "password changed")
        revoke_tokens_of(user, sign_in_actor(request, user.pk), "password changed")
        end_sessions(user, but=request.session.session_key)
        write_letter(user, LetterKind.PASSWORD_CHANGED, when=_now_as_text())


def address_proven(user: Person, **_: Any) -> None:
    """Receiver of allauth's `password_reset`: the link came by mail or from an operator.

    Somebody who made the account before the address was proven must not keep access:
    `password_changed` ends sessions and tokens, and this removes second factors and passkeys.
    """
    if user.address_proven:
        return
    with atomic():
        for factor in Authenticator.objects.select_for_update().filter(user=user):
            factor.delete()
        user.address_proven = True
        user.save(update_fields=["address_proven"])


def factor_added(instance: Authenticator, created: bool, **_: Any) -> None:
    """Receiver of `post_save`, in the transaction that adds the factor."""
    if created:
        _factor_changed(instance, "added")


def factor_removed(instance: Authenticator, **_: Any) -> None:
    """Receiver of `post_delete`."""
    _factor_changed(instance, "removed")


def _factor_changed(factor: Authenticator, change: str) -> None:
    """Record the change and write to the person; without the entry there is no change."""
    person = factor.user
    with atomic():
        record_separately(
            _factor_actor(person),
            Event.SESSION_MFA_CHANGED,
            person=str(person.pk),
            factor=factor.type,
            change=change,
        )
        sentence = f"Vault {change} {FACTORS[factor.type]}."
        if factor.type != Authenticator.Type.RECOVERY_CODES:
            write_letter(person, LetterKind.FACTORS_CHANGED, change=sentence, when=_now_as_text())


def _factor_actor(person: Person) -> Actor:
    """The person in their browser, or an operator at the command line."""
    request = context.request
    if request is None:
        return system_actor("operator", INSTALLATION, Channel.COMMAND)
    return sign_in_actor(request, person.pk)


def end_sessions(person: Person, *, but: str | None = None) -> int:
    """End a person's browser sessions except the one with this key; returns how many."""
    rows = BrowserSession.objects.filter(person=person)
    if but is not None:
        rows = rows.exclude(session_key=digest(but))
    return rows.delete()[0]


def _now_as_text() -> str:
    return f"{timezone.now():%Y-%m-%d %H:%M} UTC"
