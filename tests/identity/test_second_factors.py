"""Second factors: set up, required, spent once, sealed and recorded; a tenant that requires one."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connections
from django.test import Client

from credentials import keyrings
from foundation.errors import SecondFactorRequired, Unavailable
from identity.models import Letter
from identity.sign_in.factors import FactorAdapter, spend_code
from tenants.models import Tenant
from tests.console.pages import page, page_text, signed_in
from tests.identity.looking import log
from tests.oauth_client import OAuthClient
from tests.people import PASSWORD, Somebody, new_person
from tests.storage import dump

ADD = "/account/authenticator/add/"


def code(seed: str, steps: int = 0) -> str:
    """What the app shows, or will show some steps from now."""
    return format_hotp_value(hotp_value(seed, int(time.time()) // 30 + steps))


def with_app(browser: Client) -> str:
    """Set up an authenticator app as a person does; its seed."""
    (seed,) = re.findall(r"<code>([A-Z2-7]{32})</code>", browser.get(ADD).content.decode())
    answer = browser.post(ADD, {"code": code(seed, -1)})
    assert answer["Location"] == "/account/recovery-codes/"
    return str(seed)


def recovery_codes(browser: Client) -> list[str]:
    """The codes that are shown once."""
    shown = browser.get("/account/recovery-codes/").content.decode()
    return [one.replace(" ", "") for one in re.findall(r"\d{4} \d{4} \d{4} \d{4}", shown)]


def half_way(who: Somebody) -> Client:
    """A browser in which the password was given and the second step is required."""
    browser = Client()
    answer = browser.post("/account/login/", {"login": who.person.email, "password": PASSWORD})
    assert answer["Location"] == "/account/authenticate/"
    assert browser.get("/admin/")["Location"].startswith("/account/login/")
    return browser


def steps_in(browser: Client, typed: str) -> bool:
    """Whether the code signs in."""
    return browser.post("/account/authenticate/", {"code": typed}).status_code == 302


def test_an_app_is_asked_for_after_the_password(owner: Somebody) -> None:
    seed = with_app(signed_in(owner))
    browser = half_way(owner)
    wrong = browser.post("/account/authenticate/", {"code": "000000"})
    assert "did not work" in page(wrong).errors["code"]
    assert "000000" not in page_text(wrong)
    assert "Use a passkey" not in page_text(wrong), "there is none"
    assert [one.details["step"] for one in log("session.failed")] == ["second factor"]
    assert steps_in(browser, code(seed))
    assert browser.get("/admin/").status_code == 200


def test_a_code_is_spent_once_and_so_are_earlier_ones(owner: Somebody) -> None:
    seed = with_app(signed_in(owner))
    assert steps_in(half_way(owner), code(seed))
    for old in (code(seed), code(seed, -1), f" {code(seed)} "):
        assert not steps_in(half_way(owner), old)


def test_codes_are_not_guessed_however_many_addresses_try(owner: Somebody) -> None:
    seed = with_app(signed_in(owner))
    browser = half_way(owner)
    tries = [
        browser.post("/account/authenticate/", {"code": "000000"}, REMOTE_ADDR=f"198.51.100.{one}")
        for one in range(11)
    ]
    told = ["Too many" in page(one).errors["code"] for one in tries]
    assert told == [False] * 10 + [True]
    assert not steps_in(browser, code(seed))


def test_of_parallel_tries_with_one_code_one_succeeds(owner: Somebody) -> None:
    seed = with_app(signed_in(owner))
    typed = code(seed)

    def spend(_: int) -> bool:
        try:
            return spend_code(owner.person, typed) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(spend, range(8))) == 1


def test_a_recovery_code_works_once(owner: Somebody) -> None:
    browser = signed_in(owner)
    with_app(browser)
    codes = recovery_codes(browser)
    assert len(codes) == 10
    assert recovery_codes(browser) == []
    assert steps_in(half_way(owner), codes[0])
    assert not steps_in(half_way(owner), codes[0])
    assert steps_in(half_way(owner), codes[1])


def test_nothing_that_opens_is_stored(owner: Somebody) -> None:
    """Not even while the app is being set up: the seed waits in the session, sealed."""
    browser = signed_in(owner)
    (seed,) = re.findall(r"<code>([A-Z2-7]{32})</code>", browser.get(ADD).content.decode())
    waiting = browser.session["mfa.totp.secret"]
    assert FactorAdapter().decrypt(waiting) == seed
    assert browser.post(ADD, {"code": code(seed)}).status_code == 302
    codes = recovery_codes(browser)
    stored = str(dump())
    assert not any(secret in stored for secret in (seed, *codes))
    assert Authenticator.objects.count() == 2


def test_without_the_root_key_nothing_is_set_up(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(owner)

    def out_of_reach(*_: Any) -> bytes:
        raise Unavailable()

    monkeypatch.setattr(keyrings.LocalRootKey, "wrap", out_of_reach)
    assert browser.get(ADD).status_code == 503
    assert not Authenticator.objects.exists()


def test_changes_are_on_record_and_told_by_mail(owner: Somebody) -> None:
    browser = signed_in(owner)
    with_app(browser)
    assert browser.post("/account/authenticator/remove/").status_code == 302
    assert not Authenticator.objects.exists()
    told = [(one.details["factor"], one.details["change"]) for one in log("session.mfa_changed")]
    assert sorted(told) == [
        ("recovery_codes", "added"),
        ("recovery_codes", "removed"),
        ("totp", "added"),
        ("totp", "removed"),
    ]
    assert [one.facts["change"] for one in Letter.objects.order_by("pk")] == [
        "Vault added an authenticator app.",
        "Vault removed an authenticator app.",
    ]


def test_an_old_sign_in_has_to_be_confirmed_first(owner: Somebody) -> None:
    browser = signed_in(owner)
    session = browser.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**records[-1], "at": time.time() - 601}]
    session.save()
    assert (
        browser.get(ADD)["Location"] == f"/account/reauthenticate/?next={ADD.replace('/', '%2F')}"
    )
    confirmed = browser.post(f"/account/reauthenticate/?next={ADD}", {"password": PASSWORD})
    assert confirmed["Location"] == ADD
    assert browser.get(ADD).status_code == 200


def test_a_code_confirms_too(owner: Somebody) -> None:
    browser = signed_in(owner)
    seed = with_app(browser)
    answer = browser.post("/account/reauthenticate/code/?next=/account/", {"code": code(seed)})
    assert answer["Location"] == "/account/"


def test_somebody_elses_passkey_is_not_found(owner: Somebody, outsider: Somebody) -> None:
    theirs = Authenticator.objects.create(
        user=owner.person, type="webauthn", data={"name": "key", "credential": {}}
    )
    browser = signed_in(outsider)
    for what in ("rename", "remove"):
        assert browser.get(f"/account/passkeys/{theirs.pk}/{what}/").status_code == 404
        assert browser.post(f"/account/passkeys/{theirs.pk}/{what}/").status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


def test_nonsense_instead_of_a_passkey_is_refused(owner: Somebody) -> None:
    for sent in ("", "{}", "[]", '{"id": 1}', '{"response": {"userHandle": "zz"}}', "null"):
        browser = Client()
        answer = browser.post("/account/passkeys/sign-in/?next=/team/", {"credential": sent})
        assert answer.status_code == 302, sent
        assert answer["Location"] == "/account/login/?next=%2Fteam%2F"
        told = page(browser.get(answer["Location"])).text
        assert "did not work" in told or "required" in told, sent


def test_a_passkey_that_does_not_confirm_leads_back_to_the_same_page(owner: Somebody) -> None:
    browser = signed_in(owner)
    data = {"name": "key", "credential": {}}
    Authenticator.objects.create(user=owner.person, type="webauthn", data=data)
    asking = "/account/reauthenticate/passkey/?next=%2Fteam%2F"
    assert browser.post(asking, {"credential": "{}"})["Location"] == asking


# -- a tenant that asks for one -----------------------------------------------------------------


@pytest.fixture
def strict(owner: Somebody) -> Somebody:
    """Acme requires a second factor of its members."""
    Tenant.objects.filter(pk=owner.console.tenant_id).update(mfa_required=True)
    return owner


@pytest.mark.parametrize("address", ["/admin/", "/credentials/new", "/team/"])
def test_the_console_asks_for_a_second_factor_first(strict: Somebody, address: str) -> None:
    browser = signed_in(strict)
    asked = browser.get(address)
    assert asked["Location"].startswith("/account/second-factor/?next=")
    assert "Set up a second factor" in page(browser.get(asked["Location"])).text
    with_app(browser)
    assert f'href="{address}"' in browser.get("/account/recovery-codes/").content.decode()
    assert browser.get(address).status_code == 200


def test_without_it_nothing_is_done_in_the_tenant(strict: Somebody) -> None:
    browser = signed_in(strict)
    before = dump("audit_entry", "identity_browsersession")
    assert browser.post("/credentials/new", {"key": "k"}).status_code == 302
    assert dump("audit_entry", "identity_browsersession") == before


def test_a_member_who_governs_nothing_is_asked_too(strict: Somebody, member: Somebody) -> None:
    assert "second-factor" in signed_in(member).get("/admin/")["Location"]


def test_an_agent_is_not_allowed_before(strict: Somebody, client: OAuthClient) -> None:
    asked = signed_in(strict).get(client.authorize_url())
    assert asked["Location"].startswith("/account/second-factor/?next=")


def test_recovery_codes_alone_are_no_second_factor(strict: Somebody) -> None:
    Authenticator.objects.create(user=strict.person, type="recovery_codes", data={})
    assert "second-factor" in signed_in(strict).get("/admin/")["Location"]


def test_the_consent_itself_refuses(strict: Somebody, client: OAuthClient) -> None:
    """The tenant began to require it while the page was open."""
    Tenant.objects.update(mfa_required=False)
    browser = signed_in(strict)
    form = page(browser.get(client.authorize_url())).inputs()
    Tenant.objects.update(mfa_required=True)
    sent = {**form, "decision": "allow", "tenant": "acme", "scope": ["vault:read"]}
    answer = browser.post("/oauth/authorize", sent)
    assert answer.status_code in {SecondFactorRequired.status, 400}
    assert "code=" not in answer.get("Location", "")


def test_another_tenants_wish_does_not_matter(strict: Somebody, outsider: Somebody) -> None:
    assert signed_in(outsider).get("/admin/").status_code == 200


def test_who_is_new_here_has_none(database: None) -> None:
    assert spend_code(new_person("nora"), "000000") is None
