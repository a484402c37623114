"""The signed-in person of a request, with the browser session they are in."""

from dataclasses import dataclass

from django.http import HttpRequest

from tenants.models import Person


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """Somebody who signed in, in one browser."""

    person: Person
    session_key: str


def signed_in_person(request: HttpRequest) -> SignedInPerson | None:
    """Who is there, or None when nobody is signed in."""
    person = request.user
    key = request.session.session_key
    if not isinstance(person, Person) or not person.is_active or key is None:
        return None
    return SignedInPerson(person, key)
