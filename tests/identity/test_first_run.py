"""The first run: a link, an account, a second factor, a tenant – and then never again."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from identity.models import Milestone
from identity.sign_in import first_run
from tenants.models import Membership, Person, Tenant
from tests.console.pages import page, signed_in
from tests.identity.test_second_factors import with_app
from tests.people import Somebody

PASSWORD = "Str0ng enough, and new"
ACCOUNT = {"name": "Olivia", "email": "Olivia@Example.org", "password": PASSWORD, "again": PASSWORD}


def link() -> str:
    """The path of a new link, as the command prints it."""
    out = StringIO()
    call_command("setup_link", stdout=out)
    return out.getvalue().strip().removeprefix(settings.PUBLIC_URL)


def opened(path: str) -> Client:
    """A browser that followed the link."""
    browser = Client()
    assert browser.get(path)["Location"] == "/setup/"
    return browser


def test_from_the_link_to_the_console(database: None) -> None:
    browser = opened(link())
    assert "Your account" in page(browser.get("/setup/")).text
    assert browser.post("/setup/", ACCOUNT)["Location"] == "/setup/"
    assert "A second factor" in page(browser.get("/setup/")).text
    with_app(browser)
    assert 'href="/setup/"' in browser.get("/account/recovery-codes/").content.decode()
    assert "Your tenant" in page(browser.get("/setup/")).text
    assert browser.post("/setup/", {"name": "Acme & Söhne"})["Location"] == "/"
    assert browser.get("/", follow=True).status_code == 200
    member = Membership.objects.select_related("tenant", "person").get()
    assert (member.role, member.person.email) == ("owner", "olivia@example.org")
    assert (member.tenant.name, member.tenant.slug) == ("Acme & Söhne", "acme-sohne")


def test_a_second_factor_is_left_out_in_development_only(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = opened(link())
    browser.post("/setup/", ACCOUNT)
    outside = settings.ENVIRONMENT.model_copy(update={"development": False})
    with monkeypatch.context() as patch:
        patch.setattr(settings, "ENVIRONMENT", outside)
        assert "Not now" not in page(browser.get("/setup/")).text
        assert "A second factor" in page(browser.post("/setup/", {"name": "Acme"})).text
    assert browser.post("/setup/")["Location"] == "/setup/"
    assert "Your tenant" in page(browser.get("/setup/")).text


def test_a_link_makes_one_account(database: None) -> None:
    path = link()
    first, second = opened(path), opened(path)
    first.post("/setup/", ACCOUNT)
    answer = second.post("/setup/", {**ACCOUNT, "email": "mallory@example.org"})
    assert "the link was used" in page(answer).text
    assert Client().get(path).status_code == 404
    assert Person.objects.count() == 1


def test_without_a_link_nothing_happens(database: None) -> None:
    assert Client().get("/setup/").status_code == 403
    assert Client().post("/setup/", ACCOUNT).status_code == 403
    assert Client().get("/setup/forged:1:x/").status_code == 404
    assert not Person.objects.exists()


def test_an_old_link_is_over(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path = link()
    monkeypatch.setattr(first_run, "LINK_LIFETIME", -1)
    assert Client().get(path).status_code == 404


def test_it_is_closed_for_good_once_there_was_an_owner(owner: Somebody) -> None:
    with pytest.raises(CommandError):
        link()
    browser = signed_in(owner)
    assert browser.get("/setup/").status_code == 404
    assert browser.post("/setup/", {"name": "Another"}).status_code == 404
    assert Tenant.objects.count() == 1
    Milestone.objects.create(name=first_run.SET_UP, person=owner.person)
    Membership.objects.all().delete()
    assert not first_run.is_open()


def test_what_is_wrong_stands_beside_the_field_and_passwords_are_not_sent_back(
    database: None,
) -> None:
    browser = opened(link())
    short = browser.post("/setup/", {**ACCOUNT, "password": "short", "again": "shorter"})
    shown = page(short)
    assert set(shown.errors) == {"password", "again"}
    assert shown.inputs()["email"] == "Olivia@Example.org"
    assert not re.search(r'value="short', short.content.decode())


def test_up_gets_the_link_in_a_file_of_its_own(database: None, tmp_path: Path) -> None:
    path = tmp_path / "link"
    call_command("setup_link", "--to", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert opened(path.read_text().strip().removeprefix(settings.PUBLIC_URL))
    Milestone.objects.create(name=first_run.SET_UP)
    call_command("setup_link", "--to", str(path))
    assert not path.exists()


def test_who_set_it_up_says_that_they_keep_the_root_key(owner: Somebody) -> None:
    browser = signed_in(owner)
    browser.post("/setup/root-key-kept/")
    assert not first_run.root_key_is_kept()
    Milestone.objects.create(name=first_run.SET_UP, person=owner.person)
    browser.post("/setup/root-key-kept/")
    assert first_run.root_key_is_kept()
