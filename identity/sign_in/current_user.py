"""The signed-in person of a request, with their browser session."""

from dataclasses import dataclass

from django.http import HttpRequest

from tenants.models import Person


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """A signed-in person, in one browser."""

    person: Person
    session_key: str


def signed_in_person(request: HttpRequest) -> SignedInPerson | None:
    """The signed-in person, or None."""
    person = request.user
    key = request.session.session_key
    if not isinstance(person, Person) or not person.is_active or key is None:
        return None
    return SignedInPerson(person, key)
