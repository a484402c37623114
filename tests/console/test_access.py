"""Who gets in: `/admin/` is for owners and admins, everything else for every member."""

from django.test import Client

from access.levels import Role
from tenants.models import Membership, Tenant
from tenants.operations import add_member, change_role, remove_member
from tenants.shapes.members import ChangeRole, RemoveMember
from tests.console.pages import NEW, filled, page, page_text, signed_in
from tests.people import PASSWORD, Somebody, join, new_person, store

ADMIN_PAGES = ["/admin/", "/admin/audit/", "/admin/settings/"]
PAGES = ["/", "/team/", "/credentials/", NEW, *ADMIN_PAGES]


def test_a_stranger_signs_in_first_and_comes_back(owner: Somebody) -> None:
    for address in PAGES:
        answer = Client().get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={address}")


def test_signing_in_leads_back_to_the_page_that_was_asked_for(owner: Somebody) -> None:
    browser = Client()
    sent = browser.post(
        "/account/login/",
        {"login": owner.person.email, "password": PASSWORD, "next": NEW},
    )
    assert sent["Location"] == NEW


def test_signing_in_without_a_wish_leads_to_the_start(member: Somebody) -> None:
    typed = {"login": member.person.email, "password": PASSWORD}
    assert Client().post("/account/login/", typed)["Location"] == "/"


def test_a_member_is_told_whom_the_console_is_for(owner: Somebody, member: Somebody) -> None:
    store(owner)
    browser = signed_in(member)
    for address in ADMIN_PAGES:
        answer = browser.get(address)
        assert answer.status_code == 403
        assert "owners and admins" in page(answer).text
        assert "/team/" in page_text(answer)


def test_a_member_cannot_store_by_hand(member: Somebody, owner: Somebody) -> None:
    assert signed_in(member).post(NEW, filled()).status_code == 403
    assert signed_in(owner).get("/credentials/stripe-api-key/").status_code == 404


def test_an_admin_gets_in(owner: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    assert signed_in(admin).get("/admin/").status_code == 200


def test_a_lowered_admin_is_out_at_once(owner: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    browser = signed_in(admin)
    change_role(owner.console, ChangeRole(person_id=admin.id, role="member"))
    assert browser.get("/admin/").status_code == 403


def test_a_removed_member_sees_nothing_any_more(owner: Somebody, member: Somebody) -> None:
    store(owner)
    browser = signed_in(member)
    remove_member(owner.console, RemoveMember(person_id=member.id))
    answer = browser.get("/team/")
    assert answer.status_code == 403
    assert "stripe-api-key" not in page_text(answer)
    assert browser.get("/admin/").status_code == 403


def test_a_suspended_membership_or_tenant_opens_nothing(owner: Somebody) -> None:
    browser = signed_in(owner)
    Membership.objects.update(suspended_at="2026-01-01T00:00:00Z")
    assert browser.get("/admin/").status_code == 403
    Membership.objects.update(suspended_at=None)
    assert browser.get("/admin/").status_code == 200
    Tenant.objects.update(suspended_at="2026-01-01T00:00:00Z")
    assert browser.get("/admin/").status_code == 403


def test_what_is_foreign_and_what_is_unknown_look_the_same(
    owner: Somebody, outsider: Somebody
) -> None:
    store(owner)
    browser = signed_in(outsider)
    answers = [
        browser.get(f"/credentials/{key}/")
        for key in ("stripe-api-key", "no-such-key", "%00", "a%20b", "..%5c")
    ]
    assert {answer.status_code for answer in answers} == {404}
    (text,) = {page(answer).text for answer in answers}
    assert "Credential not found" in text


def test_the_start_leads_owners_to_the_console_and_members_to_their_credentials(
    owner: Somebody, member: Somebody
) -> None:
    assert signed_in(owner).get("/")["Location"] == "/admin/"
    assert signed_in(member).get("/")["Location"] == "/credentials/"


def test_a_person_of_two_tenants_picks_one(owner: Somebody, outsider: Somebody) -> None:
    add_member(owner.console, outsider.person, "member")
    store(owner, "acme-key")
    store(outsider, "globex-key")
    browser = signed_in(outsider)
    assert "globex-key" in page_text(browser.get("/credentials/"))
    assert browser.post("/tenant/", {"tenant": "acme"})["Location"] == "/"
    assert browser.get("/admin/").status_code == 403
    team = page_text(browser.get("/team/"))
    assert "acme-key" in team
    assert "globex-key" not in team


def test_nobody_picks_a_tenant_they_are_not_in(owner: Somebody, outsider: Somebody) -> None:
    browser = signed_in(outsider)
    assert browser.post("/tenant/", {"tenant": "acme"}).status_code == 404
    assert "Globex" in page(browser.get("/admin/")).text


def test_pages_that_only_show_take_no_posts(owner: Somebody) -> None:
    browser = signed_in(owner)
    for address in ("/", "/team/", "/admin/", "/credentials/x/"):
        assert browser.post(address).status_code == 405


def test_nothing_of_the_stock_admin_is_left(owner: Somebody) -> None:
    browser = signed_in(owner)
    for address in ("/admin/login/", "/admin/logout/", "/admin/jsi18n/", "/admin/autocomplete/"):
        assert browser.get(address).status_code == 404
