"""Dynamic registration: open to well-behaved clients, within limits."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.db.models import F
from django.test import override_settings

from audit.recording import INSTALLATION
from identity.models import AccessToken, AuthorizationCode, Client, Consent, RefreshToken
from identity.tasks import purge
from tests.identity.conftest import connected, registered
from tests.identity.looking import log
from tests.oauth_client import OAuthClient, Tokens
from tests.people import Somebody

BAD_REDIRECTS: list[Any] = [
    [],
    None,
    "http://localhost:8123/callback",
    [7],
    ["http://evil.example/callback"],
    ["https://evil.example/callback"],
    ["https://claude.ai/api/mcp/auth_callback/"],
    ["https://evil.claude.ai/api/mcp/auth_callback"],
    ["https://chatgpt.com/connector/oauth/a/b"],
    ["https://chatgpt.com/connector/oauth/"],
    ["https://www.cursor.com.evil.example/agents/mcp/oauth/callback"],
    ["cursor://anysphere.cursor-mcp.evil/oauth/callback"],
    ["cursor://anysphere.cursor-mcp/oauth/callback?x=1"],
    ["urn:ietf:wg:oauth:2.0:oob"],
    ["https://localhost:8123/callback"],
    ["http://localhost.evil.example/"],
    ["http://127.0.0.2/"],
    ["http://2130706433/"],
    ["http://[::ffff:127.0.0.1]/"],
    ["http://0.0.0.0/"],
    ["http://localhost:99999/callback"],
    ["http://localhost:-1/callback"],
    ["http://user@localhost/callback"],
    ["http://localhost/callback?x=1"],
    ["http://localhost/callback#x"],
    ["http://localhost/call back"],
    ["http://localhost/\u202ecallback"],
    ["http://localhost\\@evil.example/"],
    ["javascript:alert(1)"],
    ["data:text/html,x"],
    ["file:///etc/passwd"],
    ["com.example.app:/callback"],
    ["http://localhost/" + "x" * 256],
    [f"http://localhost/{number}" for number in range(11)],
    [f"http://localhost/{number}" for number in range(400)],
]

BAD_METADATA: list[dict[str, Any]] = [
    {"client_name": {"en": "x"}},
    {"client_name": 7},
    {"client_name": "Vault"},
    {"client_name": "  VAULT\u200b "},
    {"client_name": "Vault Console (verified)"},
    {"client_name": "V a u l t"},
    {"client_name": "V4ULT-Agent"},
    {"client_name": "V\u00e1ult"},
    {"client_name": "\uff36\uff41\uff55\uff4c\uff54"},
    {"client_name": "Editor, 0fficial"},
    {"client_name": "Claude C\u043ede"},  # a Cyrillic o
    {"scope": ["vault:read"]},
    {"grant_types": "authorization_code"},
    {"grant_types": ["refresh_token"]},
    {"response_types": ["token"]},
    {"response_types": [7]},
]


def test_only_addresses_on_this_computer_can_be_registered(http: httpx2.Client) -> None:
    for uris in BAD_REDIRECTS:
        answer = OAuthClient(http).register(redirect_uris=uris)
        assert answer.status_code == 400, uris
        expected = ("invalid_redirect_uri", "invalid_client_metadata")
        assert answer.json()["error"] in expected
        assert "evil" not in answer.text
    assert not Client.objects.exists()


def test_bad_metadata_are_refused(http: httpx2.Client) -> None:
    for metadata in BAD_METADATA:
        answer = OAuthClient(http).register(**metadata)
        assert answer.status_code == 400, metadata
        assert answer.json()["error"] == "invalid_client_metadata"
    assert not Client.objects.exists()


def test_loopback_addresses_can_be_registered(http: httpx2.Client) -> None:
    uris = [
        "http://localhost:8123/callback",
        "http://localhost/callback",
        "http://127.0.0.1:33418/",
        "http://127.0.0.1",
        "http://[::1]:1/x",
    ]
    answer = OAuthClient(http).register(redirect_uris=uris)
    assert answer.status_code == 201
    assert answer.json()["redirect_uris"] == uris


def test_an_operator_can_list_hosts_and_addresses(http: httpx2.Client) -> None:
    listed = {
        "redirect_hosts": ("chat.example", "ported.example:8443"),
        "redirect_uris": ("com.example.app:/oauth2redirect",),
    }
    changed = settings.ENVIRONMENT.model_copy(update=listed)
    with override_settings(ENVIRONMENT=changed):
        for uri, status in [
            ("https://chat.example/any", 201),
            ("https://chat.example:8443/api", 400),
            ("https://ported.example:8443/api", 201),
            ("https://ported.example/api", 400),
            ("https://evil.chat.example/api", 400),
            ("https://chat.example.evil.example/api", 400),
            ("http://chat.example/api", 400),
            ("com.example.app:/oauth2redirect", 201),
            ("com.example.app:/other", 400),
        ]:
            assert OAuthClient(http).register(redirect_uris=[uri]).status_code == status, uri


BODIES = json.loads(Path(__file__).with_name("registrations.json").read_text(encoding="utf-8"))
LOOPBACK_OF_VSCODE = ["http://127.0.0.1/", "http://127.0.0.1:33418/"]
# What is registered of the requests of real clients; None: refused. Otherwise: all that was asked.
LESS = {
    "cursor-three": BODIES["cursor-three"]["redirect_uris"][:2],
    "librechat-remote": None,
    "windsurf": None,
    "reverse-dns": None,
    "query-redirect": None,
    "upper-localhost": None,
    "127.0.0.2": None,
    "https-localhost": None,
    "https-listed-port": None,
    "oob": None,
    "client-named-Vault": None,
    "grant-string": None,
}


@pytest.mark.parametrize("name", BODIES)
def test_real_clients_register_and_learn_what_was_registered(
    http: httpx2.Client, name: str
) -> None:
    answer = http.post("/oauth/register", json=BODIES[name])
    expected = LESS.get(name, BODIES[name]["redirect_uris"])

    assert answer.status_code == (400 if expected is None else 201), answer.text
    if expected is not None:
        body = answer.json()
        assert body["redirect_uris"] == expected
        assert body["token_endpoint_auth_method"] == "none"
        assert Client.objects.get().redirect_uris.split() == expected


def test_an_installation_without_well_known_clients(http: httpx2.Client) -> None:
    changed = settings.ENVIRONMENT.model_copy(update={"well_known_redirects": False})
    with override_settings(ENVIRONMENT=changed):
        answers = {
            name: http.post("/oauth/register", json=BODIES[name])
            for name in ("vscode", "cursor-custom", "claude.ai", "chatgpt")
        }
    assert answers.pop("vscode").json()["redirect_uris"] == LOOPBACK_OF_VSCODE
    assert {answer.status_code for answer in answers.values()} == {400}


def test_what_is_not_safe_of_a_list_is_not_registered(http: httpx2.Client) -> None:
    for bad in (uri for uris in BAD_REDIRECTS if uris and len(uris) == 1 for uri in uris):
        if isinstance(bad, str):
            uris = [bad, "http://localhost/fine"]
            answer = OAuthClient(http).register(redirect_uris=uris)
            assert answer.json()["redirect_uris"] == ["http://localhost/fine"], bad


def test_names_are_cleaned(http: httpx2.Client) -> None:
    for given, kept in [
        ("  Claude\u202e Code\r\n(vault)\x00 ", "Claude Code (vault)"),
        ("\uff23laude", "Claude"),
        ("x" * 500, "x" * 64),
        ("\u200b", "Unnamed app"),
    ]:
        answer = OAuthClient(http).register(client_name=given)
        assert answer.json()["client_name"] == kept
    assert OAuthClient(http).register(client_name=None).json()["client_name"] == "Unnamed app"


def test_what_is_not_offered_is_replaced_and_nothing_is_fetched(http: httpx2.Client) -> None:
    answer = OAuthClient(http).register(
        token_endpoint_auth_method="client_secret_basic",
        scope="vault:admin vault:read nonsense",
        logo_uri="http://169.254.169.254/latest/meta-data",
        jwks_uri="http://localhost:5432/",
        software_statement="x.y.z",
    )
    body = answer.json()
    assert answer.status_code == 201
    assert body["token_endpoint_auth_method"] == "none"
    assert body["scope"] == "vault:read"
    assert not {"logo_uri", "jwks_uri", "software_statement", "client_secret"} & set(body)
    assert Client.objects.get().client_secret == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b'{"redirect_uris": ["http://localhost/"], "redirect_uris": ["http://localhost/"]}',
        b'{"client_name": NaN}',
        b'\xef\xbb\xbf{"client_name": "x"}',
        b'{"client_name": "\xff"}',
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"client_name": "' + b"x" * 20_000 + b'"}',
    ],
)
def test_a_body_that_is_no_strict_json_is_refused(http: httpx2.Client, body: bytes) -> None:
    answer = http.post(
        "/oauth/register", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_a_body_of_another_type_is_refused(http: httpx2.Client) -> None:
    answer = http.post("/oauth/register", data={"redirect_uris": "http://localhost/"})
    assert answer.status_code == 400
    assert http.get("/oauth/register").status_code == 405


def test_registrations_are_limited(http: httpx2.Client) -> None:
    limits = {**settings.IDENTITY_LIMITS, "register": [(2, 60), (50, 86_400)]}
    with override_settings(IDENTITY_LIMITS=limits):
        answers = [OAuthClient(http).register() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["Retry-After"]) in range(1, 61)


def test_refused_registrations_have_a_budget_of_their_own(http: httpx2.Client) -> None:
    limits = {**settings.IDENTITY_LIMITS, "register": [(2, 60)], "register_failed": [(2, 60)]}
    wrong = {"redirect_uris": ["https://evil.example/"]}
    with override_settings(IDENTITY_LIMITS=limits):
        refused = [http.post("/oauth/register", json=wrong).status_code for _ in range(4)]
        registered = [OAuthClient(http).register().status_code for _ in range(3)]

    assert refused == [400, 400, 429, 429]
    assert registered == [201, 201, 429]


def test_failures_at_the_token_endpoint_are_limited_and_successes_are_not(
    client: OAuthClient, browser: httpx2.Client, http: httpx2.Client
) -> None:
    own = {"token": [(3, 60)], "register": [(9, 60)], "consent": [(99, 60)]}
    limits = {**settings.IDENTITY_LIMITS, **own}
    with override_settings(IDENTITY_LIMITS=limits):
        tokens = connected(client, browser)
        for _ in range(5):
            assert client.refresh(tokens.refresh or "").status_code in (200, 400)
            tokens = connected(client, browser)
        for _ in range(3):
            assert client.refresh("nonsense").status_code == 400
        assert client.refresh("nonsense").status_code == 429
        other = registered(http)
        assert other.refresh("nonsense").status_code == 400


def past(**moments: timedelta) -> None:
    """Let time pass for everything that identity keeps."""
    for model in (Client, Consent, AuthorizationCode, AccessToken, RefreshToken):
        known = {field.name for field in model._meta.get_fields()}
        model.objects.update(
            **{name: F(name) - by for name, by in moments.items() if name in known}
        )


def test_a_registration_that_nobody_authorised_goes_after_a_day(
    http: httpx2.Client, client: OAuthClient, browser: httpx2.Client
) -> None:
    connected(client, browser)
    registered(http)
    purge()
    assert Client.objects.count() == 2
    past(created=timedelta(hours=25))
    registered(http)

    purge()

    kept = set(Client.objects.values_list("client_id", flat=True))
    assert client.client_id in kept
    assert len(kept) == 2
    (entry,) = log("client.removed", INSTALLATION)
    assert (entry.details["count"], entry.machinery) == (1, "identity purge")


def test_what_is_over_goes_and_what_lives_stays(
    client: OAuthClient, tokens: Tokens, owner: Somebody
) -> None:
    purge()
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (1, 1)
    past(expires=timedelta(days=2))
    purge()
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (0, 1)
    assert client.refresh(tokens.refresh or "").status_code == 200
    past(expires=timedelta(days=91), expires_at=timedelta(days=91), given_at=timedelta(days=91))
    purge()
    assert not Consent.objects.exists()
    assert client.refresh(tokens.refresh or "").json()["error"] == "invalid_grant"
