"""The invitation page: new and existing people join with it, and nobody else."""

import pytest
from django.test import Client

from foundation.db.ids import parse_public_id
from tenants.invitation_links import invitation_secret
from tenants.models import Membership, Person
from tenants.operations import invite_member, withdraw_invitation
from tenants.shapes.invitations import InviteMember
from tests.audit_trail import new_entries, told
from tests.console.pages import page, page_text, signed_in
from tests.people import Somebody

PAGE = "/invitations/"
NEW = {"name": "Nina", "password": "nine mild walnuts", "again": "nine mild walnuts"}


def invite(owner: Somebody, email: str = "nina@example.org", role: str = "member") -> str:
    """The address in the mail."""
    made = invite_member(owner.console, InviteMember.parse({"email": email, "role": role}))
    return PAGE + invitation_secret(parse_public_id("inv", made.invitation_id))


def test_somebody_new_makes_an_account_and_is_in(owner: Somebody) -> None:
    link, browser = invite(owner), Client()

    shown = browser.get(link, follow=True)
    assert shown.redirect_chain == [(PAGE, 302)]
    for fact in ("Join Acme", "olivia@example.org", "nina@example.org", "a member"):
        assert fact in page(shown).text
    with new_entries(owner.console.tenant_id) as entries:
        assert browser.post(PAGE, NEW)["Location"] == "/"

    nina = Person.objects.get(email="nina@example.org")
    assert Membership.objects.get(person=nina).role == "member"
    assert told(entries) == [("member.joined", "ok")]
    assert browser.get("/team/").status_code == 200
    assert Client().get(link, follow=True).status_code == 404


def test_the_link_is_not_kept_with_the_session(owner: Somebody) -> None:
    """Sessions are in the database, a copy of which must not open an invitation."""
    link, browser = invite(owner), Client()
    browser.get(link)

    secret = link.removeprefix(PAGE)
    kept = str(dict(browser.session.items()))
    assert secret not in kept
    assert secret[24:] not in kept


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("password", {"password": "short", "again": "short"}),
        ("again", {"again": "another one entirely"}),
        ("name", {"name": ""}),
    ],
)
def test_what_is_wrong_is_said_and_makes_nothing(
    field: str, wrong: dict[str, str], owner: Somebody
) -> None:
    browser = Client()
    browser.get(invite(owner))

    answer = browser.post(PAGE, {**NEW, **wrong})

    assert answer.status_code == 422
    assert field in page(answer).errors
    assert NEW["password"] not in page_text(answer)
    assert not Person.objects.filter(email="nina@example.org").exists()


def test_somebody_with_an_account_signs_in_and_joins(owner: Somebody, outsider: Somebody) -> None:
    link = invite(owner, "otto@example.org", "admin")
    assert "Sign in with it" in page(Client().get(link, follow=True)).text
    browser = signed_in(outsider)

    assert "an admin of Acme" in page(browser.get(link, follow=True)).text
    assert not Membership.objects.filter(person=outsider.person, tenant__slug="acme").exists()
    done = browser.post(PAGE, follow=True)

    assert "You are now a member of Acme" in page(done).text
    assert Membership.objects.get(person=outsider.person, tenant__slug="acme").role == "admin"


def test_the_address_cannot_be_chosen(owner: Somebody) -> None:
    browser = Client()
    browser.get(invite(owner))

    browser.post(PAGE, {**NEW, "email": "mallory@example.org"})

    assert not Person.objects.filter(email="mallory@example.org").exists()


def test_it_is_for_its_address_alone(owner: Somebody, outsider: Somebody) -> None:
    browser = signed_in(outsider)
    browser.get(invite(owner))

    for answer in (browser.get(PAGE), browser.post(PAGE, NEW)):
        assert answer.status_code == 403
        assert "for another address" in page(answer).text
    assert Membership.objects.filter(tenant__slug="acme").count() == 1


def test_a_withdrawn_or_invented_one_opens_nothing(owner: Somebody) -> None:
    browser = Client()
    made = invite_member(
        owner.console, InviteMember.parse({"email": "nina@example.org", "role": "member"})
    )
    browser.get(PAGE + invitation_secret(parse_public_id("inv", made.invitation_id)))
    withdraw_invitation(owner.console, made.invitation_id)

    for answer in (browser.get(PAGE), browser.post(PAGE, NEW), Client().get(PAGE)):
        assert answer.status_code == 404
    assert Client().get(f"{PAGE}{'A' * 64}", follow=True).status_code == 404
    assert not Person.objects.filter(email="nina@example.org").exists()
