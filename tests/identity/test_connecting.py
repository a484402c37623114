"""From no registration to a valid token, the way every client takes."""

import httpx2
import pytest
from django.conf import settings
from django.test import override_settings

from foundation.errors import AudienceMismatch
from tests.identity.conftest import OFFLINE, Browsing, connected, registered
from tests.identity.looking import holds, log, who_is
from tests.oauth_client import OAuthClient, answered, connect, decide, reach
from tests.people import PASSWORD, Somebody, join


def test_an_owner_connects_an_agent(
    client: OAuthClient, browser: httpx2.Client, owner: Somebody
) -> None:
    tokens = client.tokens(client.redeem(client.code(browser, agent="laptop")))

    actor = who_is(tokens.access)

    assert actor.person_id == owner.person.pk
    assert actor.tenant_id == owner.console.tenant_id
    assert actor.agent_name == "laptop"
    assert actor.scopes == {"vault:read", "vault:write"}
    assert actor.role == "owner"
    assert tokens.expires_in == settings.ENVIRONMENT.access_token_seconds


def test_the_log_tells_the_whole_way(
    client: OAuthClient, browser: httpx2.Client, owner: Somebody
) -> None:
    tokens = connected(client, browser)
    client.refresh(tokens.refresh or "")

    assert [entry.details["name"] for entry in log("client.registered")] == ["Claude Code (vault)"]
    acme = owner.console.tenant_id
    (authorized,) = log("client.authorized", acme)
    (issued,) = log("token.issued", acme)
    (refreshed,) = log("token.refreshed", acme)
    assert authorized.person_id == issued.person_id == refreshed.person_id == owner.person.pk
    assert issued.agent_name == "Claude Code (vault)"
    assert issued.address == "127.0.0.1"
    assert issued.request_id
    assert issued.details["token"] == who_is(tokens.access).token_id


def test_a_refresh_token_comes_only_with_offline_access(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    without = connected(client, browser, "vault:read")
    assert without.refresh is None
    assert without.scope == "vault:read"

    given = connected(client, browser, OFFLINE)
    assert given.refresh
    assert given.scope == OFFLINE
    assert "offline_access" not in who_is(given.access).scopes


def test_asking_for_nothing_means_reading_and_writing(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url(scope=None))
    code = answered(decide(browser, page))["code"]
    assert client.tokens(client.redeem(code)).scope == "vault:read vault:write"


def test_the_person_can_untick_a_scope(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url(scope=OFFLINE))
    code = answered(decide(browser, page, scope=["vault:read"]))["code"]
    tokens = client.tokens(client.redeem(code))
    assert tokens.scope == "vault:read"
    assert tokens.refresh is None


def test_what_was_not_asked_for_cannot_be_ticked(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url(scope="vault:read"))
    code = answered(decide(browser, page, scope=["vault:read", "vault:write"]))["code"]
    assert client.tokens(client.redeem(code)).scope == "vault:read"


def test_a_token_for_rest_is_a_mismatch_at_mcp_and_the_other_way_round(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    mcp = connected(client, browser)
    client.resource = settings.REST_RESOURCE
    rest = connected(client, browser)

    assert who_is(mcp.access, settings.MCP_RESOURCE)
    assert who_is(rest.access, settings.REST_RESOURCE)
    for token, resource in [
        (mcp.access, settings.REST_RESOURCE),
        (rest.access, settings.MCP_RESOURCE),
    ]:
        with pytest.raises(AudienceMismatch, match="audience mismatch"):
            who_is(token, resource)


@pytest.mark.parametrize("spelling", ["", "/"])
def test_one_trailing_slash_of_the_resource_does_not_matter(
    client: OAuthClient, browser: httpx2.Client, spelling: str
) -> None:
    client.resource = settings.MCP_RESOURCE + spelling
    assert who_is(connected(client, browser).access)


def test_without_a_resource_the_token_is_for_mcp_and_the_page_says_so(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url(resource=None))
    assert settings.MCP_RESOURCE in page.text
    code = answered(decide(browser, page))["code"]
    token = client.tokens(client.redeem(code, resource=None)).access
    assert who_is(token, settings.MCP_RESOURCE)
    with pytest.raises(AudienceMismatch):
        who_is(token, settings.REST_RESOURCE)


def test_the_redirect_address_may_be_left_out_at_the_token_endpoint(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    code = client.code(browser)
    assert client.redeem(code, redirect_uri=None).status_code == 200


def test_but_not_be_another_one(client: OAuthClient, browser: httpx2.Client) -> None:
    code = client.code(browser)
    wrong = client.redeem(code, redirect_uri="http://localhost:9999/callback")
    assert wrong.status_code == 400
    assert client.redeem(code).status_code == 200


def test_a_loopback_client_may_listen_on_any_port(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    client.redirect_uri = "http://localhost:40123/callback"
    code = client.code(browser)
    assert client.redeem(code).status_code == 200


def test_a_person_in_two_tenants_chooses_one(
    client: OAuthClient, owner: Somebody, outsider: Somebody, browse: Browsing
) -> None:
    both = join(outsider, owner.person)
    browser = browse(owner)
    page = browser.get(client.authorize_url())
    code = answered(decide(browser, page, tenant="globex"))["code"]
    actor = who_is(client.tokens(client.redeem(code)).access)
    assert actor.tenant_id == both.console.tenant_id
    assert actor.role == "member"


def test_a_member_of_one_tenant_cannot_choose_another(
    client: OAuthClient, browser: httpx2.Client, outsider: Somebody
) -> None:
    page = browser.get(client.authorize_url())
    answer = decide(browser, page, tenant="globex")
    assert answer.status_code == 422
    assert "Choose one of your tenants" in answer.text
    assert answered(decide(browser, answer))["code"]


def test_a_new_registration_can_go_on_as_an_agent(
    client: OAuthClient, http: httpx2.Client, browser: httpx2.Client
) -> None:
    old = connected(client, browser)
    again = registered(http)
    new = again.tokens(again.redeem(again.code(browser, OFFLINE, agent="Claude Code (vault)")))

    assert who_is(new.access).agent_id is not None
    assert not holds(old.access)
    assert client.refresh(old.refresh or "").json()["error"] == "invalid_grant"


def test_a_renamed_agent_has_its_new_name_at_once(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    old = client.tokens(client.redeem(client.code(browser, agent="laptop")))
    client.code(browser, agent="old laptop")
    assert who_is(old.access).agent_name == "old laptop"


@pytest.mark.parametrize("lifetime", [5, 900])
def test_a_token_lives_as_long_as_it_says(
    client: OAuthClient, browser: httpx2.Client, lifetime: int
) -> None:
    provider = settings.OAUTH2_PROVIDER | {"ACCESS_TOKEN_EXPIRE_SECONDS": lifetime}
    with override_settings(OAUTH2_PROVIDER=provider):
        assert connected(client, browser).expires_in == lifetime


def test_over_a_real_socket(server: str, owner: Somebody) -> None:
    tokens = connect(server, owner.person.email, PASSWORD, scopes=OFFLINE, agent="laptop")
    assert who_is(tokens.access).agent_name == "laptop"
    with reach(server) as http:
        renewed = OAuthClient(http, client_id=tokens.client_id).refresh(tokens.refresh or "")
    assert renewed.status_code == 200
