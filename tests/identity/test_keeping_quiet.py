"""No code or token is in the database, the log, or an answer to somebody else."""

import logging

import httpx2
import pytest
from django.db import connections
from psycopg import sql

from tests.oauth_client import OAuthClient, answered, decide


def everything_stored() -> str:
    """All rows of all tables, read as the owner, who sees them all."""
    connection = connections["owner"]
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_codes_and_tokens_are_nowhere_but_in_their_answer(
    client: OAuthClient, browser: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the test's own client
    caplog.set_level(logging.DEBUG)
    page = browser.get(client.authorize_url(scope="vault:read offline_access"))
    code = answered(decide(browser, page))["code"]
    first = client.tokens(client.redeem(code))
    second = client.tokens(client.refresh(first.refresh or ""))
    client.refresh("a-token-that-is-none")
    client.redeem(code)

    kept = everything_stored() + caplog.text

    assert client.client_id in kept  # the search finds what is there
    secrets = [code, client.verifier, first.access, first.refresh, second.access, second.refresh]
    assert not [secret for secret in secrets if secret and secret in kept]
    assert "a-token-that-is-none" not in kept


def test_an_answer_never_repeats_what_was_wrong(client: OAuthClient) -> None:
    canary = "canary-7f3a9b"
    for answer in (
        client.redeem(canary, resource=canary, scope=canary),
        client.refresh(canary, client_id=canary),
        client.revoke(canary, client_id=canary),
        client.register(scope=[canary]),
        client.register(redirect_uris=[f"http://{canary}/"]),
        client.http.get(client.authorize_url(client_id=canary)),
        client.http.get(client.authorize_url(redirect_uri=f"http://{canary}/")),
        client.http.get(f"/oauth/complete?r={canary}"),
    ):
        assert canary not in answer.text
        assert canary not in answer.headers.get("location", "")
