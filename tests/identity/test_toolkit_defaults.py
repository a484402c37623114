"""What the OAuth toolkit does by default and a vault must not: one regression test each.

Parallel refreshes and parallel redemptions, two more of them, are in `test_races`.
"""

import httpx2
import jwt
import pytest
from django.conf import settings

from foundation.errors import AudienceMismatch
from identity.models import Client
from tests.identity.conftest import OFFLINE, connected, registered
from tests.identity.looking import who_is
from tests.oauth_client import REDIRECT, OAuthClient, Tokens, answered, decide
from tests.people import Somebody

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def test_an_audience_is_never_a_prefix(tokens: Tokens, client: OAuthClient) -> None:
    for resource in (
        settings.PUBLIC_URL,
        f"{settings.PUBLIC_URL}/api",
        f"{settings.MCP_RESOURCE}/tools",
        f"{settings.MCP_RESOURCE}x",
        settings.MCP_RESOURCE.upper(),
    ):
        with pytest.raises(AudienceMismatch):
            who_is(tokens.access, resource)


NOT_OURS = (
    "https://evil.example/",
    "{public}",
    "{public}/api",
    "{public}/api/mcp/tools",
    "{public}/api/mcp//",
    "{public}/API/mcp",
    "{public}/api/mcp?x=1",
    "{public}/api/mcp#x",
    "nonsense",
)


def test_only_the_two_resources_can_be_asked_for(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    code = client.code(browser)
    for resource in NOT_OURS:
        asked = resource.format(public=settings.PUBLIC_URL)
        told = answered(browser.get(client.authorize_url(resource=asked)))
        assert told["error"] == "invalid_target"
        assert client.redeem(code, resource=asked).json()["error"] == "invalid_target"
    assert client.redeem(code).status_code == 200


def test_two_resources_are_one_too_many(client: OAuthClient, browser: httpx2.Client) -> None:
    both = [settings.MCP_RESOURCE, settings.REST_RESOURCE]
    told = answered(browser.get(client.authorize_url(resource=both)))
    assert told["error"] == "invalid_target"
    code = client.code(browser)
    assert client.redeem(code, resource=both).json()["error"] == "invalid_target"


def test_a_code_for_one_resource_gives_no_token_for_the_other(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    code = client.code(browser)
    answer = client.redeem(code, resource=settings.REST_RESOURCE)
    assert answer.json()["error"] == "invalid_target"


@pytest.mark.parametrize("grants", [["client_credentials"], ["password"], ["implicit"], [DEVICE]])
def test_nobody_registers_for_another_flow(http: httpx2.Client, grants: list[str]) -> None:
    answer = OAuthClient(http).register(grant_types=grants)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client_metadata"
    assert not Client.objects.exists()


@pytest.mark.parametrize("grant", ["password", DEVICE, "nonsense"])
def test_no_other_flow_gives_tokens(client: OAuthClient, http: httpx2.Client, grant: str) -> None:
    form = {"grant_type": grant, "client_id": client.client_id, "username": "a", "password": "b"}
    answer = http.post("/oauth/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_client_without_a_proof_gets_no_token_for_itself(
    client: OAuthClient, http: httpx2.Client
) -> None:
    form = {"grant_type": "client_credentials", "client_id": client.client_id}
    for more in ({}, {"client_secret": ""}, {"client_secret": "x"}):
        answer = http.post("/oauth/token", data=form | more)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"


def test_a_registration_hands_out_no_token(http: httpx2.Client) -> None:
    answer = OAuthClient(http).register().json()
    assert not [name for name in answer if "token" in name and name[:14] != "token_endpoint"]
    assert "client_secret" not in answer


def test_approval_prompt_does_not_skip_consent(
    client: OAuthClient, browser: httpx2.Client, tokens: Tokens
) -> None:
    page = browser.get(client.authorize_url(approval_prompt="auto", scope=OFFLINE))
    assert page.status_code == 200
    assert "Allow an agent" in page.text


def test_a_public_client_cannot_introspect(
    client: OAuthClient, http: httpx2.Client, tokens: Tokens
) -> None:
    form = {"client_id": client.client_id, "token": tokens.access}
    for more in ({}, {"grant_type": DEVICE}, {"client_secret": ""}):
        answer = http.post("/oauth/introspect", data=form | more)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "path",
    [
        "/oauth/device-authorization",
        "/oauth/device_authorization",
        "/oauth/device",
        "/o/device-authorization/",
        "/o/token/",
        "/o/applications/",
        "/oauth/userinfo",
    ],
)
def test_the_device_flow_and_the_toolkits_own_pages_are_not_mounted(
    http: httpx2.Client, path: str
) -> None:
    assert http.get(path).status_code == 404
    assert http.post(path).status_code in (403, 404)


def test_a_deactivated_person_cannot_refresh(
    client: OAuthClient, tokens: Tokens, owner: Somebody
) -> None:
    owner.person.is_active = False
    owner.person.save()
    answer = client.refresh(tokens.refresh or "")
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"prompt": "none"}, "consent_required"),
        ({"code_challenge": None}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_type": None}, "invalid_request"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_an_error_names_the_issuer_too(
    client: OAuthClient, browser: httpx2.Client, changes: dict[str, str | None], error: str
) -> None:
    told = answered(browser.get(client.authorize_url(**changes)))
    assert told["iss"] == settings.PUBLIC_URL
    assert told["state"] == client.state
    assert "code" not in told
    assert told["error"] in (error, "unsupported_response_type")


def test_a_denial_names_the_issuer_too(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url())
    told = answered(decide(browser, page, decision="deny"))
    assert (told["error"], told["iss"]) == ("access_denied", settings.PUBLIC_URL)


def test_a_success_names_the_issuer(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url())
    told = answered(decide(browser, page))
    assert (told["iss"], told["state"]) == (settings.PUBLIC_URL, client.state)


def test_a_narrow_refresh_is_narrow_once(client: OAuthClient, tokens: Tokens) -> None:
    narrow = client.refresh(tokens.refresh or "", scope="vault:read").json()
    wide = client.refresh(narrow["refresh_token"]).json()
    assert wide["scope"] == OFFLINE


def test_public_clients_and_keys_are_announced(http: httpx2.Client) -> None:
    document = http.get("/.well-known/oauth-authorization-server").json()
    assert "none" in document["token_endpoint_auth_methods_supported"]
    assert document["jwks_uri"] == f"{settings.PUBLIC_URL}/oauth/jwks"
    assert http.get("/oauth/jwks").json()["keys"]
    assert "device_authorization_endpoint" not in document


def test_a_client_that_registers_for_three_grants_gets_the_two_there_are(
    http: httpx2.Client,
) -> None:
    asked = ["authorization_code", "refresh_token", DEVICE]
    uris = ["http://127.0.0.1:33418/", "http://127.0.0.1/"]
    answer = OAuthClient(http).register(grant_types=asked, redirect_uris=uris)
    assert answer.status_code == 201
    assert answer.json()["grant_types"] == ["authorization_code", "refresh_token"]


def test_a_registration_is_answered_in_full_and_cached_nowhere(http: httpx2.Client) -> None:
    answer = OAuthClient(http).register()
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["client_id_issued_at"] > 0
    assert body["response_types"] == ["code"]
    assert body["token_endpoint_auth_method"] == "none"
    assert body["redirect_uris"] == [REDIRECT]
    assert body["scope"] == OFFLINE


def test_the_consent_page_and_its_answers_are_guarded(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url())
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://localhost:8123;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert page.headers["Referrer-Policy"] == "same-origin"
    away = decide(browser, page)
    assert away.status_code == 302
    assert away.headers["Cache-Control"] == "no-store"
    assert away.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect"])
@pytest.mark.parametrize(
    "body",
    [
        b"token=a%00b&client_id=c",
        b"grant_type=authorization_code&code=a%00&client_id=%00",
        b"client_id=%ff%fe&token=x",
        b"client_id=%zz&token=x",
        b"client_id=\xc3\xa4&token=x",
        b"client_id=a&client_id=b&token=x",
        b"client_id=a&token=" + b"x" * 20_000,
        b"&".join(b"p%d=1" % number for number in range(100)),
    ],
)
def test_bad_bytes_are_a_bad_request(http: httpx2.Client, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.post(path, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic !!!", "Basic AAAA", "Basic /v/+", "Basic AABhOmI=", "Bearer x", "Basic OjoA"],
)
def test_a_bad_authorization_header_is_no_client(
    http: httpx2.Client, client: OAuthClient, authorization: str
) -> None:
    headers = {"Authorization": authorization}
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/introspect"):
        answer = http.post(path, data=form | {"token": "x"}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_challenge_is_43_characters_given_once(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    for challenge in ("x", "x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "ä"):
        told = answered(browser.get(client.authorize_url(code_challenge=challenge)))
        assert told["error"] == "invalid_request"
    twice = browser.get(client.authorize_url() + "&code_challenge=" + "y" * 43)
    assert twice.status_code == 400


def test_a_port_over_65535_is_none(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url(redirect_uri="http://localhost:99999/callback"))
    assert page.status_code == 400
    assert "location" not in page.headers


@pytest.mark.parametrize("sent", [None, "", "/"])
def test_the_token_names_its_audience_whatever_the_request_said(
    client: OAuthClient, browser: httpx2.Client, sent: str | None
) -> None:
    code = client.code(browser)
    said = None if sent is None else sent and settings.MCP_RESOURCE + sent
    token = client.tokens(client.redeem(code, resource=said)).access
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == settings.MCP_RESOURCE


def test_a_suspended_client_is_no_client(
    client: OAuthClient, browser: httpx2.Client, tokens: Tokens
) -> None:
    Client.objects.update(state="suspended")
    assert browser.get(client.authorize_url()).status_code == 400
    assert client.refresh(tokens.refresh or "").status_code == 401
    assert client.redeem("x").json()["error"] == "invalid_client"


def test_a_stranger_cannot_redeem_anothers_code(
    client: OAuthClient, http: httpx2.Client, browser: httpx2.Client
) -> None:
    stranger = registered(http)
    code = client.code(browser)
    stolen = client.redeem(code, client_id=stranger.client_id)
    assert stolen.json()["error"] == "invalid_grant"
    assert client.redeem(code).status_code == 200


def test_a_leaked_code_without_its_verifier_is_no_kill_switch(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    code = client.code(browser)
    tokens = client.tokens(client.redeem(code))
    for verifier in (None, "", "y" * 43, "short"):
        assert client.redeem(code, code_verifier=verifier).status_code == 400
    assert who_is(tokens.access)
    assert connected(client, browser)
