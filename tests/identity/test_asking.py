"""The authorization endpoint: whom it answers, what the person sees and decides."""

from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.conf import settings
from django.db.models import F
from django.test import override_settings

from access.levels import Role
from identity.authorization_server.well_known_clients import WELL_KNOWN, well_known_client
from identity.models import AuthorizationCode, AuthorizeRequest, Client
from tenants.models import Membership
from tests.identity.conftest import Browsing, registered
from tests.identity.looking import log, who_is
from tests.oauth_client import (
    OAuthClient,
    answered,
    consent_form,
    decide,
    in_process,
    origin,
)
from tests.people import Somebody, join


class Tags(HTMLParser):
    """A page's tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Those of one kind with these attributes."""
        return [
            one for name, one in self.found if name == tag and attributes.items() <= one.items()
        ]


NOT_REGISTERED = (
    "http://localhost:8123/callback/",
    "http://localhost:8123/Callback",
    "http://localhost:8123/callback?x=1",
    "http://localhost:8123/callback#x",
    "http://localhost:8123/callback;x",
    "http://localhost:8123/other/../callback",
    "http://localhost:8123/%63allback",
    "http://127.0.0.1:8123/callback",
    "http://[::1]:8123/callback",
    "http://LOCALHOST:8123/callback",
    "http://localhost.evil.example:8123/callback",
    "http://localhost@evil.example/callback",
    "http://user@localhost:8123/callback",
    "https://localhost:8123/callback",
    "http://localhost:0/callback",
    "http://localhost:08123/callback",
    "http://localhost:65536/callback",
    "//localhost:8123/callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "com.example.app:/callback",
    "",
)


def test_an_address_that_was_not_registered_is_never_redirected_to(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    for address in NOT_REGISTERED:
        page = browser.get(client.authorize_url(redirect_uri=address))
        assert page.status_code == 400, address
        assert "location" not in page.headers
        assert "Nothing was allowed" in page.text


def test_an_unknown_client_is_never_redirected_for(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    for client_id in ("", "nobody", None, "x" * 300):
        for more in ({}, {"prompt": "none"}, {"response_type": "token"}):
            page = browser.get(client.authorize_url(client_id=client_id, **more))
            assert page.status_code == 400
            assert "location" not in page.headers
    assert "claude mcp login" in browser.get(client.authorize_url(client_id="nobody")).text


@pytest.mark.parametrize(
    "query",
    [
        "client_id=%00",
        "client_id=%ff",
        "client_id=%zz",
        "client_id=a&client_id=b",
        "&".join(f"p{number}=1" for number in range(100)),
        "state=" + "x" * 20_000,
        "client_id",
    ],
)
def test_a_bent_query_is_an_error_page(browser: httpx2.Client, query: str) -> None:
    page = browser.get(f"/oauth/authorize?{query}")
    assert page.status_code == 400
    assert "location" not in page.headers


def test_no_parameter_may_repeat_and_unknown_ones_do_not_matter(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    for name in ("state", "scope", "code_challenge_method", "anything"):
        url = client.authorize_url() + f"&{name}=x&{name}=x"
        assert browser.get(url).status_code == 400
    assert browser.get(client.authorize_url() + "&anything=x").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": None, "code_challenge_method": None},
    ],
)
def test_only_pkce_with_s256(
    client: OAuthClient, browser: httpx2.Client, changes: dict[str, str | None]
) -> None:
    told = answered(browser.get(client.authorize_url(**changes)))
    assert told["error"] == "invalid_request"


def test_somebody_who_is_not_signed_in_signs_in_first(
    client: OAuthClient, http: httpx2.Client
) -> None:
    asked = http.get(client.authorize_url())
    assert asked.status_code == 302
    target = urlsplit(asked.headers["location"])
    assert target.path == "/account/login/"
    assert parse_qs(target.query)["next"] == [client.authorize_url()]
    # Not even an error leaves the house before.
    wrong = http.get(client.authorize_url(scope="nonsense"))
    assert urlsplit(wrong.headers["location"]).path == "/account/login/"
    silent = answered(http.get(client.authorize_url(prompt="none")))
    assert (silent["error"], silent["iss"]) == ("login_required", settings.PUBLIC_URL)


def test_the_page_has_one_form_with_what_scripts_rely_on(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    tags = Tags(browser.get(client.authorize_url(scope="vault:read offline_access")).text)
    (form,) = tags.all("form")
    assert form["method"] == "post"
    assert tags.all("input", type="hidden", name="csrfmiddlewaretoken")
    assert tags.all("input", type="hidden", name="request")
    assert tags.all("select", name="tenant")
    assert tags.all("option", value="acme")
    (agent,) = tags.all("input", type="text", name="agent")
    assert agent["value"] == "Claude Code (vault)"
    boxes = tags.all("input", type="checkbox", name="scope")
    assert [box["value"] for box in boxes] == ["vault:read", "offline_access"]
    assert all("checked" in box for box in boxes)
    buttons = tags.all("button", name="decision")
    assert [button["value"] for button in buttons] == ["allow", "deny"]


def test_the_page_tells_what_a_person_must_know(
    client: OAuthClient, browser: httpx2.Client, owner: Somebody
) -> None:
    page = browser.get(client.authorize_url(scope="vault:read offline_access")).text
    assert owner.person.email in page
    assert "“Claude Code (vault)”" in page
    assert "a program on this computer, port 8123" in page
    assert settings.MCP_RESOURCE in page
    assert "90 days" in page
    assert "read their values" in page
    assert "not allowed this registration of an app before" in page


def test_the_page_has_no_inline_script_or_style_and_shows_markup_literally(
    http: httpx2.Client, browser: httpx2.Client
) -> None:
    nasty = registered(http, client_name="<b onclick=x>\"'&")
    nasty.state = '"><script>alert(1)</script>'
    page = browser.get(nasty.authorize_url())
    tags = Tags(page.text)
    assert all(script["src"].startswith("/static/") for script in tags.all("script"))
    assert not tags.all("style")
    assert not [one for _, one in tags.found if any(name.startswith("on") for name in one)]
    assert not tags.all("b")
    assert answered(decide(browser, page))["state"] == nasty.state


@pytest.mark.parametrize(
    "uri", [uri.replace("*", "abc123") for one in WELL_KNOWN for uri in one.redirects]
)
def test_the_page_says_whose_address_gets_the_answer(
    http: httpx2.Client, browser: httpx2.Client, uri: str
) -> None:
    known = well_known_client(uri)
    assert known is not None
    program = OAuthClient(http, redirect_uri=uri)
    assert program.register().json()["redirect_uris"] == [uri]
    page = browser.get(program.authorize_url())
    scheme, _, rest = uri.partition("://")
    host = rest.partition("/")[0]

    assert f"address of {known.name}" in page.text
    if scheme == "https":
        assert f"the website {host}" in page.text
        assert f"form-action 'self' https://{host};" in page.headers["content-security-policy"]
    else:
        assert "any app on this computer can claim such addresses" in page.text
        assert f"form-action 'self' {scheme}:;" in page.headers["content-security-policy"]
    assert decide(browser, page).headers["location"].startswith(f"{uri}?code=")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("openid vault:read", "vault:read"),
        ("vault:read  profile", "vault:read"),
        ("vault:read vault:read nonsense:x", "vault:read"),
        ("", "vault:read vault:write"),
        (" ", "vault:read vault:write"),
        (None, "vault:read vault:write"),
    ],
)
def test_unknown_scopes_do_not_matter_and_the_answer_says_what_was_granted(
    client: OAuthClient, browser: httpx2.Client, asked: str | None, granted: str
) -> None:
    page = browser.get(client.authorize_url(scope=asked))
    assert page.status_code == 200
    assert client.tokens(client.redeem(answered(decide(browser, page))["code"])).scope == granted


def test_a_refresh_with_unknown_scopes_is_not_refused(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url(scope="vault:read offline_access"))
    tokens = client.tokens(client.redeem(answered(decide(browser, page))["code"]))
    again = client.tokens(client.refresh(tokens.refresh or "", scope="openid vault:read"))
    assert again.scope == "vault:read"
    for scope in ("vault:write", "openid", "vault:read vault:admin"):
        told = client.refresh(again.refresh or "", scope=scope).json()
        assert told["error"] == "invalid_scope", scope


def test_a_client_that_never_asks_may_stay_when_the_person_ticks_it(
    http: httpx2.Client, browser: httpx2.Client
) -> None:
    program = registered(http)
    page = browser.get(program.authorize_url(scope="vault:read"))
    (box,) = Tags(page.text).all("input", type="checkbox", value="offline_access")
    assert "checked" not in box
    assert program.tokens(program.redeem(answered(decide(browser, page))["code"])).refresh is None

    page = browser.get(program.authorize_url(scope="vault:read"))
    code = answered(decide(browser, page, scope=["vault:read", "offline_access"]))["code"]
    tokens = program.tokens(program.redeem(code))
    assert tokens.refresh
    assert tokens.scope == "vault:read offline_access"


def test_a_client_without_the_refresh_grant_is_not_offered_to_stay(
    http: httpx2.Client, browser: httpx2.Client
) -> None:
    program = OAuthClient(http)
    answer = program.register(grant_types=["authorization_code"])
    assert answer.json()["grant_types"] == ["authorization_code"]
    page = browser.get(program.authorize_url(scope="vault:read"))
    assert "offline_access" not in page.text
    code = answered(decide(browser, page, scope=["vault:read", "offline_access"]))["code"]
    assert program.tokens(program.redeem(code)).refresh is None


def test_denying_says_so_and_leaves_nothing_but_the_entry(
    client: OAuthClient, browser: httpx2.Client, owner: Somebody
) -> None:
    page = browser.get(client.authorize_url())
    told = answered(decide(browser, page, decision="deny", tenant="", agent=""))
    assert told["error"] == "access_denied"
    assert not AuthorizationCode.objects.exists()
    (entry,) = log("client.authorized")
    assert (entry.outcome, entry.person_id) == ("denied", owner.person.pk)


@pytest.mark.parametrize("ticked", [[], ["offline_access"], ["vault:admin"], ["nonsense"]])
def test_ticking_nothing_of_use_is_a_denial(
    client: OAuthClient, browser: httpx2.Client, ticked: list[str]
) -> None:
    page = browser.get(client.authorize_url(scope="vault:read offline_access"))
    told = answered(decide(browser, page, scope=ticked))
    assert told["error"] == "access_denied"
    assert told["error_description"] == "Nothing was allowed."


def test_a_button_that_is_neither_is_a_denial(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url())
    assert answered(decide(browser, page, decision="ALLOW"))["error"] == "access_denied"


def test_a_decision_counts_once(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url())
    assert "code" in answered(decide(browser, page))
    again = decide(browser, page)
    assert again.status_code == 400
    assert "over" in again.text


def test_a_decision_takes_ten_minutes_at_most(client: OAuthClient, browser: httpx2.Client) -> None:
    page = browser.get(client.authorize_url())
    AuthorizeRequest.objects.update(expires_at=F("expires_at") - timedelta(minutes=10))
    assert decide(browser, page).status_code == 400


def test_the_page_works_in_no_other_browser_and_for_nobody_else(
    client: OAuthClient, owner: Somebody, member: Somebody, browse: Browsing
) -> None:
    """A page that an attacker prepared is worth nothing in the victim's browser."""
    page = browse(owner).get(client.authorize_url())
    request = consent_form(page).filled()["request"]
    for somebody in (owner, member):
        browser = browse(somebody)
        own = browser.get(client.authorize_url())
        answer = decide(browser, own, request=request)
        assert answer.status_code == 400
    with in_process() as nobody:
        answer = nobody.post("/oauth/authorize", data={"request": request}, headers=origin(nobody))
        assert answer.status_code == 403
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize("request_id", ["", "x", "\x00", "00000000-0000-4000-8000-000000000000"])
def test_a_made_up_request_is_over(
    client: OAuthClient, browser: httpx2.Client, request_id: str
) -> None:
    page = browser.get(client.authorize_url())
    assert decide(browser, page, request=request_id).status_code == 400


def test_the_form_needs_its_csrf_token_and_our_origin(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url())
    assert decide(browser, page, csrfmiddlewaretoken="x" * 64).status_code == 403
    form = consent_form(page).filled(decision="allow")
    evil = browser.post("/oauth/authorize", data=form, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403
    assert not AuthorizationCode.objects.exists()


def test_a_client_that_was_stopped_meanwhile_gets_nothing(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url())
    Client.objects.update(state="removed")
    answer = decide(browser, page)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_somebody_without_a_tenant_is_told_so(
    client: OAuthClient, browser: httpx2.Client, owner: Somebody
) -> None:
    Membership.objects.all().delete()
    page = browser.get(client.authorize_url())
    assert page.status_code == 400
    assert "ask an owner" in page.text


def test_a_membership_lost_between_page_and_button_gives_nothing(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(client.authorize_url())
    Membership.objects.all().delete()
    assert decide(browser, page).status_code == 400
    assert not AuthorizationCode.objects.exists()


def test_names_of_agents_are_cleaned(client: OAuthClient, browser: httpx2.Client) -> None:
    name = "my\u202e \u200blaptop\r\n " + "x" * 200
    token = client.tokens(client.redeem(client.code(browser, agent=name))).access
    assert who_is(token).agent_name == ("my laptop " + "x" * 200)[:64]
    token = client.tokens(client.redeem(client.code(browser, agent="\u200b"))).access
    assert who_is(token).agent_name == "Claude Code (vault)"


def test_a_client_that_registered_itself_cannot_have_the_admin_scope(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    client.resource = settings.REST_RESOURCE
    page = browser.get(client.authorize_url(scope="vault:read vault:admin"))
    assert "vault:admin" not in page.text
    code = answered(decide(browser, page, scope=["vault:read", "vault:admin"]))["code"]
    assert client.tokens(client.redeem(code)).scope == "vault:read"
    told = answered(browser.get(client.authorize_url(scope="vault:admin")))
    assert told["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("role", "resource", "expected"),
    [
        (Role.ADMIN, "api/v1", "vault:read vault:admin"),
        (Role.MEMBER, "api/v1", "vault:read"),
        (Role.ADMIN, "api/mcp", "vault:read"),
    ],
)
def test_a_client_of_the_operators_can_have_it_for_rest_from_those_who_govern(
    client: OAuthClient,
    owner: Somebody,
    browse: Browsing,
    role: Role,
    resource: str,
    expected: str,
) -> None:
    from tests.people import new_person

    person = join(owner, new_person("rita"), role)
    Client.objects.update(registration_source="manual")
    client.resource = f"{settings.PUBLIC_URL}/{resource}"
    code = client.code(browse(person), "vault:read vault:admin")
    assert client.tokens(client.redeem(code)).scope == expected


def test_decisions_are_limited(client: OAuthClient, browser: httpx2.Client) -> None:
    with override_settings(
        IDENTITY_LIMITS={"consent": [(2, 60)], "register": [], "register_failed": [], "token": []}
    ):
        pages = [browser.get(client.authorize_url()) for _ in range(3)]
        answers = [decide(browser, page) for page in pages]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert int(answers[2].headers["Retry-After"]) in range(1, 61)
