"""Introspection and revocation of tokens by a service account."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from django.conf import settings

from access.actions import Channel
from foundation.errors import Unauthenticated
from identity.resource_server.verification import actor_from_token
from tests.machines import Machine, machine, token_of
from tests.oauth_client import OAuthClient, Tokens
from tests.people import Somebody
from tests.storage import owner_sql


def introspect(one: Machine, token: str, **more: Any) -> dict[str, Any]:
    """What the introspection endpoint answers about a token."""
    answer = one.ask(at="introspect", headers=one.basic(), token=token, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


def test_a_token_of_the_same_tenant_is_told(pipeline: Machine, tokens: Tokens) -> None:
    own = introspect(pipeline, token_of(pipeline.by_secret()))
    persons = introspect(pipeline, tokens.access)

    assert (own["active"], own["sub"], own["aud"]) == (
        True,
        pipeline.client_id,
        settings.REST_RESOURCE,
    )
    assert (persons["active"], persons["client_id"]) == (True, tokens.client_id)
    assert persons["scope"] == "vault:read vault:write"
    assert persons["aud"] == settings.MCP_RESOURCE
    assert "username" not in persons


def test_a_token_of_another_tenant_is_as_unknown_as_none(
    pipeline: Machine, http: httpx2.Client, outsider: Somebody, tokens: Tokens
) -> None:
    theirs = machine(http, outsider)
    foreign = introspect(theirs, tokens.access)

    assert foreign == introspect(theirs, "nonsense") == introspect(theirs, "") == {"active": False}
    assert introspect(theirs, token_of(pipeline.by_secret())) == {"active": False}


def test_refresh_tokens_are_not_talked_about(pipeline: Machine, tokens: Tokens) -> None:
    assert introspect(pipeline, tokens.refresh or "") == {"active": False}


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE agent SET state = 'suspended'",
        "UPDATE membership SET suspended_at = now()",
        "UPDATE person SET is_active = false",
        "UPDATE identity_consent SET ended_at = now()",
        "DELETE FROM identity_accesstoken WHERE consent_id IS NOT NULL",
    ],
)
def test_what_no_longer_holds_is_not_active(ending: str, pipeline: Machine, tokens: Tokens) -> None:
    owner_sql(ending)

    assert introspect(pipeline, tokens.access) == {"active": False}


def test_only_who_proves_itself_may_ask(
    pipeline: Machine, client: OAuthClient, tokens: Tokens
) -> None:
    nobody = replace(pipeline, secret="vlt_sa_wrong")
    for headers, more in (
        (nobody.basic(), {}),
        ({}, {}),
        ({}, {"client_id": pipeline.client_id}),
        ({}, {"client_id": client.client_id}),
        ({}, {"client_id": client.client_id, "client_secret": pipeline.secret}),
        ({"Authorization": f"Bearer {tokens.access}"}, {}),
    ):
        answer = pipeline.ask(at="introspect", headers=headers, token=tokens.access, **more)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_account_gives_its_own_token_back(pipeline: Machine) -> None:
    token, other = token_of(pipeline.by_secret()), token_of(pipeline.by_secret())

    assert pipeline.ask(at="revoke", headers=pipeline.basic(), token=token).status_code == 200

    with pytest.raises(Unauthenticated):
        actor_from_token(token, resource=settings.REST_RESOURCE, channel=Channel.REST)
    assert actor_from_token(other, resource=settings.REST_RESOURCE, channel=Channel.REST)


def test_nobody_gives_back_what_is_not_theirs(
    pipeline: Machine, client: OAuthClient, tokens: Tokens
) -> None:
    token = token_of(pipeline.by_secret())
    assert client.revoke(token).status_code == 200
    assert (
        pipeline.ask(at="revoke", headers=pipeline.basic(), token=tokens.access).status_code == 200
    )
    unproven = pipeline.ask(at="revoke", client_id=pipeline.client_id, token=token)
    assert unproven.status_code == 401

    assert introspect(pipeline, token)["active"]
    assert introspect(pipeline, tokens.access)["active"]
