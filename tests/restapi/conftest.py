"""Programs of people, with tokens for the REST resource."""

from collections.abc import Callable, Iterator

import httpx2
import pytest
from django.conf import settings

from tests.hashing import cheap_passwords
from tests.oauth_client import connect, reach
from tests.people import PASSWORD, Somebody

TokenOf = Callable[[Somebody], str]


@pytest.fixture(scope="package", autouse=True)
def quick_sign_in() -> Iterator[None]:
    """Hundreds of sign-ins happen here."""
    with cheap_passwords():
        yield


@pytest.fixture
def http(server: str, database: None) -> Iterator[httpx2.Client]:
    """A connection to the running product."""
    with reach(server) as connection:
        yield connection


@pytest.fixture
def token_of(server: str, database: None) -> TokenOf:
    """Connects a program of somebody."""

    def connected(who: Somebody) -> str:
        resource = settings.REST_RESOURCE
        return connect(
            server, who.person.email, PASSWORD, resource=resource, agent="program"
        ).access

    return connected


@pytest.fixture
def api(http: httpx2.Client, token_of: TokenOf, owner: Somebody) -> httpx2.Client:
    """The owner's program, with its token on every request."""
    http.headers["Authorization"] = f"Bearer {token_of(owner)}"
    return http
