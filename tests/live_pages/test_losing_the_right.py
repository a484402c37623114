"""A page whose access ended is closed within two seconds and receives nothing more."""

import time
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import Membership, Person, Tenant
from tenants.operations import add_member, change_role, remove_member
from tenants.shapes.members import ChangeRole, RemoveMember
from tests.console.pages import signed_in
from tests.live_pages.socket import Page, live_page
from tests.people import PASSWORD, Somebody, new_person, new_tenant, store

# Two seconds are promised; a machine that does many things at once gets more.
GENEROUS = 6.0

Lose = Callable[[Somebody, Somebody, Client], object]


def _seconds(page: Page) -> tuple[int, float]:
    start = time.monotonic()
    return page.closed(), time.monotonic() - start


def _removed(owner: Somebody, member: Somebody, _: Client) -> None:
    remove_member(owner.console, RemoveMember(person_id=member.id))


def _suspended_there(owner: Somebody, member: Somebody, _: Client) -> None:
    Membership.objects.filter(person=member.person).update(suspended_at=timezone.now())


def _tenant_suspended(owner: Somebody, member: Somebody, _: Client) -> None:
    Tenant.objects.filter(pk=owner.console.tenant_id).update(suspended_at=timezone.now())


def _signed_out(owner: Somebody, member: Somebody, browser: Client) -> None:
    browser.post("/account/logout/")


def _deactivated(owner: Somebody, member: Somebody, _: Client) -> None:
    Person.objects.filter(pk=member.person.pk).update(is_active=False)


def _password_changed(owner: Somebody, member: Somebody, _: Client) -> None:
    elsewhere = signed_in(member)
    new = "another horse battery staple"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert elsewhere.post("/account/password/change/", typed).status_code == 302


@pytest.mark.parametrize(
    ("lose", "code"),
    [
        (_removed, 4403),
        (_suspended_there, 4403),
        (_tenant_suspended, 4403),
        (_signed_out, 4401),
        (_deactivated, 4401),
        (_password_changed, 4401),
    ],
)
def test_the_page_is_closed_soon(
    server: str, owner: Somebody, member: Somebody, lose: Lose, code: int
) -> None:
    browser = signed_in(member)
    with live_page(server, member, browser) as page:
        lose(owner, member, browser)
        page.heard.clear()
        got, seconds = _seconds(page)
    assert got == code
    assert seconds < GENEROUS


def test_what_happens_after_the_loss_is_not_told(
    server: str, owner: Somebody, member: Somebody
) -> None:
    with live_page(server, member) as page:
        remove_member(owner.console, RemoveMember(person_id=member.id))
        store(owner)
        page.heard.clear()
        page.closed()
    assert page.heard == []


def test_an_admin_who_becomes_a_member_hears_what_members_hear(
    server: str, owner: Somebody, member: Somebody
) -> None:
    change_role(owner.console, ChangeRole(person_id=member.id, role="admin"))
    with live_page(server, member) as page:
        store(owner, key="before")
        page.topic("credentials")
        assert [one for one in page.heard if one.get("topic") == "audit"]
        change_role(owner.console, ChangeRole(person_id=member.id, role="member"))
        page.heard.clear()
        store(owner, key="after")
        assert page.topic("credentials") == {"topic": "credentials"}
    assert not [one for one in page.heard if "entry" in one or one.get("topic") == "audit"]


def test_a_page_hears_of_the_tenant_that_its_browser_looks_at(server: str, owner: Somebody) -> None:
    other = new_tenant("zeta", new_person("zoe"))
    zoe = Membership.objects.get(tenant_id=other).person
    add_member(owner.console, zoe, "member")
    browser = Client()
    browser.post("/account/login/", {"login": zoe.email, "password": PASSWORD})
    with live_page(server, owner, browser) as page:
        assert browser.post("/tenant/", {"tenant": "acme"}).status_code == 302
        assert page.closed() == 4403
    with live_page(server, owner, browser) as page:
        store(owner)
        assert page.topic("credentials") == {"topic": "credentials"}
