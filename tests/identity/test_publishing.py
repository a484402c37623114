"""Discovery documents and the keys behind the tokens."""

from datetime import timedelta
from io import StringIO

import httpx2
import jwt
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import F

from credentials.keyrings import LocalRootKey
from foundation.errors import Unavailable
from identity.models import AccessToken, SigningKey
from identity.tokens.signing_keys import forget_old_keys, published, rotate, signing_key
from tests.identity.conftest import connected
from tests.identity.looking import holds, log
from tests.oauth_client import OAuthClient, Tokens


def test_both_names_of_the_servers_metadata_give_the_same_document(http: httpx2.Client) -> None:
    one = http.get("/.well-known/oauth-authorization-server")
    other = http.get("/.well-known/openid-configuration")
    assert one.json() == other.json()
    body = one.json()
    assert body["issuer"] == settings.PUBLIC_URL
    assert body["code_challenge_methods_supported"] == ["S256"]
    assert body["response_types_supported"] == ["code"]
    assert body["authorization_response_iss_parameter_supported"] is True
    assert body["scopes_supported"] == ["vault:read", "vault:write", "offline_access"]
    for name in ("authorization", "token", "revocation", "registration"):
        assert body[f"{name}_endpoint"].startswith(f"{settings.PUBLIC_URL}/oauth/")


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/.well-known/oauth-protected-resource", "/api/mcp"),
        ("/.well-known/oauth-protected-resource/api/mcp", "/api/mcp"),
        ("/.well-known/oauth-protected-resource/api/v1", "/api/v1"),
        ("/api/v1/.well-known/oauth-protected-resource", "/api/v1"),
    ],
)
def test_each_resource_describes_itself(http: httpx2.Client, path: str, resource: str) -> None:
    answer = http.get(path)
    assert answer.json()["resource"] == settings.PUBLIC_URL + resource
    assert answer.json()["authorization_servers"] == [settings.PUBLIC_URL]
    assert answer.json()["scopes_supported"] == ["vault:read", "vault:write"]
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource/",
        "/.well-known/oauth-protected-resource/api",
        "/.well-known/oauth-protected-resource/api/mcp/",
        "/.well-known/oauth-protected-resource/evil",
        "/.well-known/oauth-authorization-server/api/mcp",
    ],
)
def test_an_unknown_suffix_is_not_found(http: httpx2.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def test_nothing_is_taken_from_the_host_header(http: httpx2.Client) -> None:
    for headers in ({"Host": "127.0.0.1"}, {"X-Forwarded-Host": "evil.example"}):
        body = http.get("/.well-known/oauth-authorization-server", headers=headers).text
        assert "evil.example" not in body
        assert "127.0.0.1" not in body
    wrong = http.get("/.well-known/oauth-authorization-server", headers={"Host": "evil.example"})
    assert wrong.status_code == 400


def test_other_origins_may_read_metadata_and_keys_alone(
    http: httpx2.Client, client: OAuthClient
) -> None:
    origin = {"Origin": "https://evil.example"}
    assert http.get("/oauth/jwks", headers=origin).headers["Access-Control-Allow-Origin"] == "*"
    for answer in (
        http.post("/oauth/token", headers=origin, data={"client_id": client.client_id}),
        http.post("/oauth/register", headers=origin, json={}),
        http.get("/oauth/complete", headers=origin),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_resource_server_can_check_a_token_with_the_published_key(
    http: httpx2.Client, tokens: Tokens
) -> None:
    kid = jwt.get_unverified_header(tokens.access)["kid"]
    signing_keys = jwt.PyJWKSet.from_dict(http.get("/oauth/jwks").json())
    claims = jwt.decode(
        tokens.access,
        signing_keys[kid],
        algorithms=["ES256"],
        audience=settings.MCP_RESOURCE,
        issuer=settings.PUBLIC_URL,
    )
    assert claims["client_id"] == tokens.client_id


def test_no_private_part_is_published_or_stored_in_clear(http: httpx2.Client) -> None:
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {
        name for key in http.get("/oauth/jwks").json()["keys"] for name in key
    }
    key = SigningKey.objects.order_by("number").first()
    assert key
    assert b'"d"' not in bytes(key.sealed_jwk or b"")
    assert "d" not in key.public_jwk


def later(seconds: int) -> None:
    """Let time pass for the keys."""
    SigningKey.objects.update(active_from=F("active_from") - timedelta(seconds=seconds))


@pytest.fixture
def one_key(database: None) -> SigningKey:
    """The installation's only key; no earlier test's next key waits."""
    AccessToken.objects.all().delete()
    SigningKey.objects.all().delete()
    return signing_key()


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_the_next_key_is_known_before_it_signs(
    one_key: SigningKey, client: OAuthClient, browser: httpx2.Client, alg: str
) -> None:
    old = connected(client, browser)
    out = StringIO()
    call_command("rotate_signing_key", "--alg", alg, stdout=out)
    new = SigningKey.objects.get(number=one_key.number + 1)
    assert new.kid in out.getvalue()

    assert signing_key() == one_key
    assert [key["kid"] for key in published()] == [one_key.kid, new.kid]
    later(300)
    assert signing_key() == new
    fresh = connected(client, browser)
    assert jwt.get_unverified_header(fresh.access)["alg"] == alg
    assert holds(fresh.access)
    assert holds(old.access)
    (entry,) = log("tenant.settings_updated")
    assert entry.details["signing_key"] == new.kid


def test_an_old_key_stays_published_until_its_last_token_ends(
    one_key: SigningKey, client: OAuthClient, browser: httpx2.Client
) -> None:
    connected(client, browser)
    rotate()
    later(3000)
    forget_old_keys()
    assert len(published()) == 2
    one_key.refresh_from_db()
    assert one_key.sealed_jwk is None
    AccessToken.objects.all().delete()
    assert len(published()) == 1
    forget_old_keys()
    assert not SigningKey.objects.filter(pk=one_key.pk).exists()


def test_a_compromised_key_is_trusted_no_more(
    one_key: SigningKey, client: OAuthClient, browser: httpx2.Client
) -> None:
    old = connected(client, browser)
    call_command("rotate_signing_key", "--compromised", stdout=StringIO())
    assert not holds(old.access)
    assert [key["kid"] for key in published()] == [signing_key().kid]
    assert signing_key() != one_key
    renewed = client.tokens(client.refresh(old.refresh or ""))
    assert holds(renewed.access)


def test_without_the_root_key_nothing_is_issued(
    one_key: SigningKey,
    client: OAuthClient,
    browser: httpx2.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from identity.tokens import signing_keys

    code = client.code(browser)
    signing_keys._opened.cache_clear()
    with monkeypatch.context() as wrong:
        wrong.setattr(signing_keys, "root_key", lambda: LocalRootKey("A" * 43))
        answer = client.redeem(code)
        with pytest.raises(Unavailable):
            signing_keys.sign(one_key, {}, "at+jwt")
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert client.redeem(code).status_code == 200
