"""Invitation links that an owner hands over invite, and prove no address."""

from functools import partial

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client

from access.levels import Role
from foundation.db.ids import parse_public_id
from identity.sign_in.password_links import password_link
from tenants.invitation_links import invitation_link
from tenants.models import Person
from tenants.operations import (
    invite_member,
    show_invitation_link,
    withdraw_invitation,
)
from tenants.shapes.invitations import InviteMember
from tests.audit_trail import new_entries, told
from tests.console.pages import page_text, signed_in
from tests.identity.test_second_factors import with_app
from tests.people import Somebody, join, new_person
from tests.refusals import code_of
from tests.storage import dump, owner_sql

NINA = "nina@example.org"
PASSWORD = "some unrelated words"


def invite(owner: Somebody, role: str = "member") -> str:
    request = InviteMember.parse({"email": NINA, "role": role})
    return invite_member(owner.console, request).invitation_id


def accepted(link: str) -> Client:
    browser = Client()
    browser.get(link.removeprefix(settings.PUBLIC_URL))
    typed = {"name": "Nina", "password": PASSWORD, "again": PASSWORD}
    assert browser.post("/invitations/", typed).status_code == 302
    return browser


def test_the_link_is_shown_on_record_and_works_and_is_not_kept(owner: Somebody) -> None:
    invitation = invite(owner)
    with new_entries(owner.console.tenant_id) as entries:
        shown = show_invitation_link(owner.console, invitation)

    assert told(entries) == [("member.invitation_link_shown", "ok")]
    assert entries[0].details["invitation"] == invitation
    assert shown.link.rpartition("/")[2] not in str(dump())
    accepted(shown.link)
    assert Person.objects.get(email=NINA).memberships.count() == 1


def test_only_a_waiting_invitation_has_a_link_and_only_an_owner_sees_an_owners(
    owner: Somebody, member: Somebody
) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    waiting = invite(owner, "owner")
    assert code_of(partial(show_invitation_link, admin.console, waiting)) == (
        "access/permission-denied"
    )
    assert code_of(partial(show_invitation_link, member.console, waiting)) == (
        "access/permission-denied"
    )
    owner_sql("UPDATE invitation SET expires_at = clock_timestamp()")
    assert code_of(partial(show_invitation_link, owner.console, waiting)) == "resource/not-found"
    withdrawn = invite(owner)
    withdraw_invitation(owner.console, withdrawn)
    assert code_of(partial(show_invitation_link, owner.console, withdrawn)) == "resource/not-found"


@pytest.mark.parametrize("shown", [True, False])
def test_an_account_made_with_a_link_that_was_shown_proves_no_address(
    owner: Somebody, mailoutbox: list[object], shown: bool
) -> None:
    """Not even if the link was mailed too: the person it was shown to may have been faster."""
    invitation = invite(owner)
    if shown:
        show_invitation_link(owner.console, invitation)
    accepted(invitation_link(parse_public_id("inv", invitation)))

    assert Person.objects.get(email=NINA).address_proven is not shown


@pytest.mark.parametrize("shown", [True, False])
def test_whoever_proves_the_address_later_finds_no_factor_of_somebody_else(
    owner: Somebody, shown: bool
) -> None:
    invitation = invite(owner)
    if shown:
        show_invitation_link(owner.console, invitation)
    browser = accepted(invitation_link(parse_public_id("inv", invitation)))
    with_app(browser)
    nina = Person.objects.get(email=NINA)

    rightful = Client()
    page = rightful.get(password_link(nina).removeprefix(settings.PUBLIC_URL), follow=True)
    new = "four other unrelated words"
    sent = rightful.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert sent.status_code == 302

    nina.refresh_from_db()
    assert nina.address_proven
    assert Authenticator.objects.filter(user=nina).exists() is not shown


def test_an_owner_finds_the_link_in_the_console(owner: Somebody) -> None:
    invitation = invite(owner)
    browser = signed_in(owner)
    address = f"/team/invitations/{invitation}/link"
    assert address in page_text(browser.get("/team/invitations/"))
    assert "/invitations/A" not in page_text(browser.get(address))

    answer = browser.post(address)
    shown = show_invitation_link(owner.console, invitation)
    assert shown.link in page_text(answer)
    assert "no-store" in answer["Cache-Control"]
