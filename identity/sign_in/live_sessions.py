"""Which browser sessions are signed in, for many at a time (open live pages)."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from foundation.db.ids import NO_ID
from identity.sign_in.session_store import SessionStore, unexpired_sessions
from tenants.models import Person


def live_sessions(keys: Collection[str]) -> dict[str, HttpRequest]:
    """For each session that is signed in now, an empty request that belongs to it, for the
    functions of `identity.sign_in.tenant_access`.

    As in Django: the session has not expired, the person is active, and the password is unchanged
    since signing in.
    """
    sessions = unexpired_sessions(keys)
    people = Person.objects.filter(is_active=True).in_bulk({_person(s) for s in sessions.values()})
    found = {}
    for key, session in sessions.items():
        person = people.get(_person(session))
        if person is not None and _password_is_unchanged(person, session):
            found[key] = _request(person, session)
    return found


def _person(session: SessionStore) -> UUID:
    try:
        return UUID(session[SESSION_KEY])
    except (KeyError, ValueError):
        return NO_ID


def _password_is_unchanged(person: Person, session: SessionStore) -> bool:
    proof = session.get(HASH_SESSION_KEY, "")
    return constant_time_compare(proof, person.get_session_auth_hash())


def _request(person: Person, session: SessionStore) -> HttpRequest:
    request = HttpRequest()
    request.user, request.session = person, session
    return request
