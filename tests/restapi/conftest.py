"""Programs of people, with tokens for the REST resource."""

from collections.abc import Callable, Iterator

import httpx2
import pytest
from django.conf import settings

from tests.oauth_client import SCOPES, OAuthClient, reach, sign_in
from tests.people import PASSWORD, Somebody
from tests.storage import owner_sql

TokenOf = Callable[..., str]
ADMIN = "vault:read vault:write vault:admin"


@pytest.fixture
def http(server: str, database: None) -> Iterator[httpx2.Client]:
    """A connection to the running product."""
    with reach(server) as connection:
        yield connection


@pytest.fixture
def token_of(server: str, database: None) -> TokenOf:
    """Connects a program of somebody, one that an operator registered."""

    def connected(who: Somebody, scopes: str = SCOPES) -> str:
        with reach(server) as http, reach(server) as browser:
            client = OAuthClient(http, resource=settings.REST_RESOURCE)
            client.register()
            owner_sql(
                "UPDATE identity_client SET registration_source = 'manual' WHERE client_id = %s",
                client.client_id,
            )
            sign_in(browser, who.person.email, PASSWORD)
            code = client.code(browser, scopes, agent=f"program {client.client_id[:8]}")
            return client.tokens(client.redeem(code)).access

    return connected


@pytest.fixture
def api(http: httpx2.Client, token_of: TokenOf, owner: Somebody) -> httpx2.Client:
    """The owner's program, with its token on every request."""
    http.headers["Authorization"] = f"Bearer {token_of(owner)}"
    return http


@pytest.fixture
def admin_api(http: httpx2.Client, token_of: TokenOf, owner: Somebody) -> httpx2.Client:
    """The owner's program with `vault:admin`."""
    http.headers["Authorization"] = f"Bearer {token_of(owner, ADMIN)}"
    return http
