"""Who is signed in in which browser sessions, asked for many at a time (open live pages)."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from foundation.db.ids import NO_ID
from identity.sign_in.session_store import SessionStore, living_sessions
from tenants.models import Person


def live_sessions(keys: Collection[str]) -> dict[str, HttpRequest]:
    """For each of the sessions in which somebody is signed in at this moment: an empty request
    that comes from it, to ask `identity.sign_in.tenant_access` about.

    As Django decides it: the session lives, the person is active, and the password is still the
    one they signed in with.
    """
    sessions = living_sessions(keys)
    people = Person.objects.filter(is_active=True).in_bulk({_person(s) for s in sessions.values()})
    found = {}
    for key, session in sessions.items():
        person = people.get(_person(session))
        if person is not None and _holds(person, session):
            found[key] = _request(person, session)
    return found


def _person(session: SessionStore) -> UUID:
    try:
        return UUID(session[SESSION_KEY])
    except (KeyError, ValueError):
        return NO_ID


def _holds(person: Person, session: SessionStore) -> bool:
    proof = session.get(HASH_SESSION_KEY, "")
    return constant_time_compare(proof, person.get_session_auth_hash())


def _request(person: Person, session: SessionStore) -> HttpRequest:
    request = HttpRequest()
    request.user, request.session = person, session
    return request
