"""Single sign-on: a tenant's own provider gives access to that tenant only."""

import ast
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client

from access.levels import Role
from access.tenancy import tenant_transaction
from foundation.errors import Denied, Invalid
from foundation.outgoing import CallFailed
from foundation.outgoing.deadline import Deadline
from foundation.outgoing.destinations import find_destination
from identity.models import ProviderAccount, SingleSignOn
from identity.oidc_client.documents import documents
from identity.oidc_client.sealed_secret import open_secret
from identity.oidc_client.shapes import ChangeSingleSignOn
from identity.operations import change_single_sign_on, show_single_sign_on
from identity.sign_in.password_links import password_link
from tenants.models import Membership, Person, Tenant
from tenants.operations import list_members
from tenants.shapes.fields import Listing
from tests.console.pages import page, page_text, signed_in
from tests.identity.looking import log
from tests.identity.oidc_providers import CLIENT, SECRET, Provider, running_provider, set_up
from tests.identity.test_second_factors import code, with_app
from tests.oauth_client import OAuthClient
from tests.people import PASSWORD, Somebody, join, new_person
from tests.refusals import refusal
from tests.storage import dump, owner_sql

START = "/account/sso/acme/"


@pytest.fixture
def provider(owner: Somebody) -> Iterator[Provider]:
    """Acme's provider."""
    with running_provider() as one:
        set_up(owner, one.issuer)
        yield one


def come_in(provider: Provider, email: str, browser: Client | None = None, /, **claims: Any) -> Any:
    """Sign in through the provider; what the callback answers."""
    browser = browser or Client()
    location = browser.get(START)["Location"]
    assert location.startswith(f"{provider.issuer}/authorize?")
    return browser.get(provider.callback(location, email, **claims))


def inside(provider: Provider, email: str) -> Client:
    """A browser that signed in through the provider."""
    browser = Client()
    answer = come_in(provider, email, browser)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    return browser


def test_a_member_comes_in_and_is_known_by_subject_afterwards(
    provider: Provider, owner: Somebody
) -> None:
    assert inside(provider, "Olivia@example.org").get("/admin/").status_code == 200
    (entry,) = log("session.signed_in")
    assert entry.person_id == owner.person.pk
    renamed = come_in(
        provider, "another@elsewhere.example", sub="id-of-Olivia@example.org", email_verified=False
    )
    assert renamed.status_code == 302
    assert owner_sql("SELECT count(*) FROM provider_account") == [(1,)]


def test_what_comes_in_through_acme_acts_in_acme_only(
    provider: Provider, owner: Somebody, outsider: Somebody, client: OAuthClient
) -> None:
    """Otto owns globex and is a member of acme; acme's provider must not open globex."""
    join(owner, outsider.person)
    browser = inside(provider, "otto@example.org")
    assert browser.post("/tenant/", {"tenant": "globex"}).status_code == 404
    assert browser.get("/admin/").status_code == 403
    assert b"Globex" not in browser.get("/team/").content
    assert b"globex" not in browser.get(client.authorize_url()).content
    sent = {**page(browser.get(client.authorize_url())).inputs(), "tenant": "globex"}
    refused = browser.post("/oauth/authorize", {**sent, "decision": "allow", "scope": "vault:read"})
    assert "code=" not in refused.get("Location", "")
    assert signed_in(outsider).get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/account/password/change/",
        "/account/passkeys/add/",
        "/account/authenticator/add/",
        "/account/recovery-codes/new/",
        "/account/sessions/",
    ],
)
def test_it_does_not_change_the_account(provider: Provider, owner: Somebody, address: str) -> None:
    browser = inside(provider, owner.person.email)
    assert browser.get(address).status_code == 403
    assert browser.post(address, {"others": "yes"}).status_code == 403


def test_who_is_no_member_is_not_let_in(provider: Provider, outsider: Somebody) -> None:
    before = dump("audit_entry", "identity_browsersession")
    answer = come_in(provider, "otto@example.org")
    assert answer.status_code == 403
    assert "not a member here" in page(answer).text
    assert dump("audit_entry", "identity_browsersession") == before
    assert [one.outcome for one in log("session.failed")] == ["denied"]


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "olivia@elsewhere.example"},
        {"email": "olivia@example.org@elsewhere.example"},
        {"email": None},
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"sub": ""},
        {"sub": None},
    ],
)
def test_what_does_not_hold_is_refused(
    provider: Provider, owner: Somebody, claims: dict[str, Any]
) -> None:
    browser = Client()
    assert come_in(provider, "olivia@example.org", browser, **claims).status_code == 403
    assert browser.get("/admin/").status_code == 302


def test_a_signature_of_somebody_else_is_refused(provider: Provider, owner: Somebody) -> None:
    theirs = ec.generate_private_key(ec.SECP256R1())
    signed = provider._signed

    def forged() -> str:
        claims = jwt.decode(signed(), options={"verify_signature": False})
        return jwt.encode(claims, theirs, algorithm="ES256", headers={"kid": "1"})

    provider._signed = forged  # type: ignore[method-assign]
    assert come_in(provider, "olivia@example.org").status_code == 403


def test_the_clients_secret_signs_nothing(provider: Provider, owner: Somebody) -> None:
    provider.algorithm = "HS256"
    assert come_in(provider, "olivia@example.org").status_code == 403


def test_a_callback_belongs_to_the_try_that_began_it(provider: Provider, owner: Somebody) -> None:
    browser = Client()
    location = browser.get(START)["Location"]
    back = provider.callback(location, "olivia@example.org")
    assert Client().get(back).status_code == 403
    assert browser.get(back.replace("state=", "state=x")).status_code == 403
    assert browser.get(back).status_code == 403, "a try ends with the first callback"


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://elsewhere.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
def test_a_discovery_that_does_not_hold_is_refused(
    provider: Provider, document: dict[str, Any]
) -> None:
    provider.documents = document
    assert Client().get(START).status_code == 502


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/latest", "file:///etc/passwd", "https://127.0.0.1:1/"]
)
def test_a_provider_does_not_make_vault_call_elsewhere(
    provider: Provider, owner: Somebody, address: str
) -> None:
    provider.documents = {"token_endpoint": address}
    answer = come_in(provider, "olivia@example.org")
    assert (answer.status_code, "not allowed" in page(answer).text) == (403, True)


def test_a_provider_that_does_not_answer_is_said_and_lets_nobody_in(owner: Somebody) -> None:
    browser = Client()
    with running_provider() as provider:
        set_up(owner, provider.issuer)
        location = browser.get(START)["Location"]
        back = provider.callback(location, owner.person.email)
    called_back = browser.get(back)
    documents.forget()  # what was fetched before is kept for some minutes
    answers = called_back, browser.get(START)
    assert [one.status_code for one in answers] == [403, 502]
    assert all("does not answer" in page(one).text for one in answers)
    assert browser.get("/admin/").status_code == 302


def _intern(host: str, port: int, **_: Any) -> list[Any]:
    """The operator's own names."""
    address = "10.0.0.7" if host == "sso.intern.example" else host
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


def test_outside_development_only_https_and_public_or_listed_hosts_are_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    production = {"development": False, "private_providers": ("sso.intern.example",)}
    environment = settings.ENVIRONMENT.model_copy(update=production)
    monkeypatch.setattr(settings, "ENVIRONMENT", environment)
    for refused in (
        "http://localhost:80/",
        "http://login.example.org/",
        "https://localhost/",
        "https://10.0.0.7/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.7]/",
        "https://169.254.169.254/",
        "https://user@sso.intern.example/",
        "https://does-not-exist.invalid/",
    ):
        with pytest.raises(CallFailed):
            find_destination(refused, Deadline(30))
    monkeypatch.setattr(socket, "getaddrinfo", _intern)
    assert find_destination("https://sso.intern.example/keys", Deadline(30)).port == 443
    assert find_destination("https://93.184.215.14/", Deadline(30)).addresses == ("93.184.215.14",)
    given = {"issuer": "http://localhost:1", "clientId": "c", "domains": ["example.org"]}
    assert refusal(lambda: ChangeSingleSignOn.parse(given)).code == Invalid.code


def test_somebody_new_becomes_a_member_where_the_tenant_wants_it(
    provider: Provider, owner: Somebody
) -> None:
    assert come_in(provider, "nora@example.org").status_code == 403
    set_up(owner, provider.issuer, createsMembers=True)
    assert inside(provider, "nora@example.org").get("/team/").status_code == 200
    nora = Person.objects.get(email="nora@example.org")
    assert not nora.has_usable_password()
    assert Membership.objects.get(person=nora).role == Role.MEMBER
    assert log("member.joined", owner.console.tenant_id)[-1].person_id == nora.pk


def test_a_person_of_another_tenant_is_not_made_a_member(
    provider: Provider, owner: Somebody, outsider: Somebody
) -> None:
    set_up(owner, provider.issuer, createsMembers=True)
    assert come_in(provider, "otto@example.org").status_code == 403
    assert Membership.objects.filter(person=outsider.person).count() == 1


def test_the_word_of_a_provider_proves_no_address(
    provider: Provider, owner: Somebody, mailoutbox: list[object]
) -> None:
    """An owner may claim a domain of somebody else, who must be able to take the account over."""
    set_up(owner, provider.issuer, createsMembers=True)
    squatter = inside(provider, "nina@example.org")
    person = Person.objects.get(email="nina@example.org")
    assert not person.address_proven
    members = list_members(owner.console, Listing()).members
    assert {one.email: one.address_proven for one in members} == {
        owner.person.email: True,
        person.email: False,
    }

    rightful = Client()
    form = rightful.get(password_link(person).removeprefix(settings.PUBLIC_URL), follow=True)
    new = "four other unrelated words"
    rightful.post(form.request["PATH_INFO"], {"password1": new, "password2": new})

    assert Person.objects.get(pk=person.pk).address_proven
    assert squatter.get("/team/").status_code == 302


def test_every_place_that_makes_a_person_says_whether_the_address_is_proven() -> None:
    """Where it does not, an operator names the address, or the first person of all does."""
    by_operator = {
        "identity/management/commands/create_tenant.py",
        "identity/operations/recovery.py",
        "identity/sign_in/first_run.py",
    }
    root = Path(settings.BASE_DIR)
    silent = set()
    for app in ("audit", "console", "credentials", "identity", "leases", "tenants", "vaultsite"):
        for path in (root / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "create_user":
                    said = {keyword.arg for keyword in node.keywords}
                    if "address_proven" not in said:
                        silent.add(str(path.relative_to(root)))
    assert silent == by_operator


def test_who_left_the_tenant_stays_out(provider: Provider, owner: Somebody) -> None:
    member = join(owner, Person.objects.create_user("mia@example.org"))
    browser = inside(provider, "mia@example.org")
    Membership.objects.filter(person=member.person).delete()
    assert browser.get("/team/").status_code == 403
    assert come_in(provider, "mia@example.org").status_code == 403


def test_the_persons_own_second_factor_is_still_asked(provider: Provider, owner: Somebody) -> None:
    seed = with_app(signed_in(owner))
    browser = Client()
    assert come_in(provider, owner.person.email, browser)["Location"] == "/account/authenticate/"
    assert browser.get("/admin/").status_code == 302
    assert browser.post("/account/authenticate/", {"code": code(seed)}).status_code == 302
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/account/sessions/").status_code == 403, "still confined"


def test_a_session_stays_confined_when_another_sign_in_crosses_it(
    provider: Provider, owner: Somebody, outsider: Somebody
) -> None:
    seed = with_app(signed_in(owner))
    browser = Client()
    come_in(provider, owner.person.email, browser)
    browser.post("/account/login/", {"login": outsider.person.email, "password": PASSWORD})
    browser.post("/account/authenticate/", {"code": code(seed)})
    assert browser.get("/account/sessions/").status_code == 403
    assert b"Globex" not in browser.get("/admin/").content


def test_a_session_ends_with_its_provider(provider: Provider, owner: Somebody) -> None:
    browser = inside(provider, owner.person.email)
    set_up(owner, provider.issuer, enabled=False)
    assert browser.get("/admin/").status_code == 403
    assert Client().get(START).status_code == 404
    set_up(owner, provider.issuer)
    assert browser.get("/admin/").status_code == 200
    set_up(owner, "https://login.example.org")
    assert browser.get("/admin/").status_code == 403


def test_proving_it_anew_means_the_provider_asks_anew(provider: Provider, owner: Somebody) -> None:
    browser = inside(provider, owner.person.email)
    asked = browser.get("/account/reauthenticate/?next=/admin/sign-in/")
    assert asked["Location"] == f"{START}again/?next=%2Fadmin%2Fsign-in%2F"
    onwards = f"{START}?next=%2Fadmin%2Fsign-in%2F"
    assert f'href="{onwards}"' in page_text(browser.get(asked["Location"]))
    location = browser.get(onwards)["Location"]
    assert "prompt=login" in location
    back = provider.callback(location, owner.person.email, auth_time=int(time.time()) - 900)
    assert browser.get(back).status_code == 403
    location = browser.get(onwards)["Location"]
    answer = browser.get(provider.callback(location, owner.person.email))
    assert answer["Location"] == "/admin/sign-in/"


def test_a_provider_that_asked_nobody_proves_nothing_anew(
    provider: Provider, owner: Somebody
) -> None:
    """Otherwise anybody at an open browser could sign out and in again for a recent proof."""
    fresh, now = "/account/tokens/new", int(time.time())
    for said, status in (({}, 302), ({"auth_time": now - 900}, 302), ({"auth_time": now}, 200)):
        browser = Client()
        come_in(provider, owner.person.email, browser, **said)
        assert browser.get("/admin/").status_code == 200
        assert browser.get(fresh).status_code == status, said


def test_the_tenants_wish_for_a_second_factor_is_the_providers_to_fulfil(
    provider: Provider, owner: Somebody
) -> None:
    Tenant.objects.update(mfa_required=True)
    assert inside(provider, owner.person.email).get("/admin/").status_code == 200
    assert signed_in(owner).get("/admin/").status_code == 302


def test_nobody_is_sent_to_another_site_afterwards(provider: Provider, owner: Somebody) -> None:
    browser = Client()
    location = browser.get(f"{START}?next=https://elsewhere.example/")["Location"]
    assert browser.get(provider.callback(location, owner.person.email))["Location"] == "/"


# -- setting it up ------------------------------------------------------------------------------


def test_the_secret_is_sealed_and_bound_to_whom_it_is_sent_to(
    provider: Provider, owner: Somebody
) -> None:
    assert SECRET not in str(dump())
    with tenant_transaction(owner.console.tenant_id):
        row = SingleSignOn.objects.get()
    assert open_secret(row) == SECRET
    row.issuer = "https://elsewhere.example"
    assert refusal(lambda: open_secret(row)).status == 503


def test_a_new_issuer_needs_the_secret_again(provider: Provider, owner: Somebody) -> None:
    """Otherwise an admin could have Vault send the old secret to a server of their own."""
    kept = {"clientId": CLIENT, "domains": ["example.org"]}
    stays = ChangeSingleSignOn.parse({"issuer": provider.issuer, **kept})
    assert change_single_sign_on(owner.console, stays).configured
    moved = ChangeSingleSignOn.parse({"issuer": "https://elsewhere.example", **kept})
    assert refusal(lambda: change_single_sign_on(owner.console, moved)).extra == {
        "field": "clientSecret"
    }
    assert inside(provider, owner.person.email)


def test_members_neither_see_nor_change_it(provider: Provider, member: Somebody) -> None:
    assert refusal(lambda: show_single_sign_on(member.console)).code == Denied.code
    assert signed_in(member).get("/admin/sign-in/").status_code == 403


def test_an_admin_does_not_say_who_is_an_owner(owner: Somebody) -> None:
    """An admin's provider could sign the admin in as an owner, who can make more owners."""
    ada = join(owner, new_person("ada"), Role.ADMIN)
    with running_provider() as theirs:
        denied = refusal(lambda: set_up(ada, theirs.issuer))
        assert (denied.code, "owner" in denied.detail) == (Denied.code, True)
        typed = {"issuer": theirs.issuer, "client_id": CLIENT, "client_secret": SECRET}
        browser = signed_in(ada)
        refused = browser.post("/admin/sign-in/", {**typed, "domains": "example.org"})
        assert (refused.status_code, "Only an owner" in page(refused).text) == (422, True)
        assert browser.get("/admin/sign-in/").status_code == 200
        assert Client().get(START).status_code == 404, "nothing was set up"


def test_an_owner_sets_it_up_on_the_page(owner: Somebody) -> None:
    browser = signed_in(owner)
    typed = {
        "issuer": "https://login.example.org",
        "client_id": "vault",
        "client_secret": SECRET,
        "domains": "example.org, example.com",
        "enabled": "on",
    }
    wrong = browser.post("/admin/sign-in/", {**typed, "issuer": "http://login.example.org"})
    assert wrong.status_code == 422
    assert "https://" in page(wrong).errors["issuer"]
    assert page(wrong).inputs()["client_id"] == "vault"
    assert SECRET not in wrong.content.decode()
    assert browser.post("/admin/sign-in/", typed).status_code == 302
    shown = browser.get("/admin/sign-in/")
    assert page(shown).inputs()["domains"] == "example.org, example.com"
    assert SECRET not in shown.content.decode()
    (entry,) = log("tenant.sso_changed", owner.console.tenant_id)
    assert entry.details["domains"] == ["example.org", "example.com"]


def test_the_way_in_asks_for_the_tenants_short_name(provider: Provider) -> None:
    browser = Client()
    assert "Short name" in page(browser.get("/account/sso/")).text
    assert browser.get("/account/sso/?tenant=acme")["Refresh"] == f"0; url={START}"
    assert page(browser.get("/account/sso/?tenant=a b")).errors.keys() == {"tenant"}
    assert browser.get("/account/sso/nowhere/").status_code == 404
    assert not ProviderAccount.objects.exists()
