"""Setting up a new installation: a tenant, its owner, and a link to set a password."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from devtools.client.browser import form_with
from tenants.models import Membership, Person
from tests.oauth_client import in_process, sign_in

NEW = "Str0ng enough, and new"


def made(*arguments: str) -> str:
    out = StringIO()
    call_command("create_tenant", *arguments, stdout=out)
    return out.getvalue()


def test_the_owner_sets_a_password_and_signs_in(database: None) -> None:
    said = made("initech", "Initech", "--owner", "Bill@example.org")
    found = re.search(r"https?://[^/]+(/account/\S+)", said)
    assert found is not None
    with in_process() as browser:
        page = browser.get(found[1], follow_redirects=True)
        form = form_with(page, "password1").filled(password1=NEW, password2=NEW)
        browser.post(str(page.url), data=form, headers={"Origin": str(browser.base_url)})
    with in_process() as browser:
        sign_in(browser, "bill@example.org", NEW)
        assert browser.get("/admin/").status_code == 200
    assert Membership.objects.get(tenant__slug="initech").role == "owner"


def test_a_person_who_has_a_password_keeps_it(database: None) -> None:
    Person.objects.create_user("bill@example.org", NEW)
    assert "password" not in made("initech", "Initech", "--owner", "bill@example.org")
    assert Person.objects.get().check_password(NEW)


@pytest.mark.parametrize(
    "wrong",
    [
        ("in itech", "Initech", "--owner", "bill@example.org"),
        ("initech", "Initech", "--owner", "bill"),
    ],
)
def test_what_is_no_name_or_address_makes_nothing(database: None, wrong: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        made(*wrong)
    assert not Person.objects.exists()


def test_a_taken_name_is_refused(database: None) -> None:
    made("initech", "Initech", "--owner", "bill@example.org")
    with pytest.raises(CommandError):
        made("initech", "Another", "--owner", "milton@example.org")
    assert list(Person.objects.values_list("email", flat=True)) == ["bill@example.org"]
