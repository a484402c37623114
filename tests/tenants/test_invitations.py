"""Invitations: for one address, with a link that works once."""

import re
from functools import partial

import pytest
from django.core import mail

from access.levels import Role
from foundation.db.ids import parse_public_id
from tenants.invitation_links import invitation_secret
from tenants.models import Membership
from tenants.operations import (
    accept_invitation,
    change_role,
    invite_member,
    list_invitations,
    open_invitation,
    remove_member,
    withdraw_invitation,
)
from tenants.shapes.fields import Listing, RoleWord
from tenants.shapes.invitations import InvitationOut, InviteMember
from tenants.shapes.members import ChangeRole, RemoveMember
from tenants.tasks import send_notices
from tests.audit_trail import new_entries, told, trail
from tests.people import Somebody, join, new_person
from tests.racing import race
from tests.refusals import code_of, problem_of
from tests.storage import dump, owner_sql

Outbox = list[mail.EmailMessage]


def invite(who: Somebody, email: str = "nina@example.org", role: str = "member") -> InvitationOut:
    return invite_member(who.console, InviteMember.parse({"email": email, "role": role}))


def secret_of(invitation: InvitationOut) -> str:
    return invitation_secret(parse_public_id("inv", invitation.invitation_id))


def mailed(outbox: Outbox) -> list[str]:
    """The links that were sent, oldest first."""
    send_notices()
    bodies = [str(message.body) for message in outbox]
    return [found for body in bodies for found in re.findall(r"/invitations/(\S+)", body)]


def test_the_link_goes_to_the_address_and_opens_once(owner: Somebody, mailoutbox: Outbox) -> None:
    nina = new_person("nina")
    with new_entries(owner.console.tenant_id) as entries:
        invite(owner)
        (link,) = mailed(mailoutbox)
        shown = open_invitation(link)
        accept_invitation(link, nina, request_id="request-1", address="192.0.2.1")

    assert [message.to for message in mailoutbox] == [["nina@example.org"]]
    assert (shown.tenant, shown.role, shown.invited_by) == ("Acme", "member", "olivia@example.org")
    assert told(entries) == [("member.invited", "ok"), ("member.joined", "ok")]
    assert (entries[1].person_id, entries[1].address) == (nina.pk, "192.0.2.1")
    assert Membership.objects.get(person=nina).role == Role.MEMBER
    assert code_of(partial(open_invitation, link)) == "resource/not-found"
    assert code_of(partial(accept_invitation, link, nina)) == "resource/not-found"


def test_nothing_that_opens_it_is_kept(owner: Somebody, mailoutbox: Outbox) -> None:
    invite(owner)
    (link,) = mailed(mailoutbox)

    assert link not in str(dump())
    assert link[24:] not in str(dump())


def test_it_is_for_its_own_address(owner: Somebody) -> None:
    link = secret_of(invite(owner, role="owner"))
    thief = new_person("thief")

    assert code_of(partial(accept_invitation, link, thief)) == "access/permission-denied"
    assert not Membership.objects.filter(person=thief).exists()
    assert open_invitation(link).email == "nina@example.org"


@pytest.mark.parametrize("forge", [str.lower, lambda s: s[:-2], lambda s: "B" + s[1:], "é".join])
def test_a_forged_link_opens_nothing(owner: Somebody, forge: object) -> None:
    link = secret_of(invite(owner))
    assert callable(forge)

    assert code_of(partial(open_invitation, forge(link))) == "resource/not-found"


def test_asking_again_ends_the_link_before(owner: Somebody, mailoutbox: Outbox) -> None:
    first = invite(owner)
    second = invite(owner, "NINA@example.org", role="admin")

    assert mailed(mailoutbox) == [secret_of(second)]
    assert code_of(partial(open_invitation, secret_of(first))) == "resource/not-found"
    assert open_invitation(secret_of(second)).role == "admin"
    listed = list_invitations(owner.console, Listing()).invitations
    assert [(one.role, one.state) for one in listed] == [
        ("admin", "waiting"),
        ("member", "withdrawn"),
    ]


def test_what_is_withdrawn_or_over_opens_nothing(owner: Somebody, mailoutbox: Outbox) -> None:
    withdrawn, over = invite(owner), invite(owner, "olaf@example.org")
    withdraw_invitation(owner.console, withdrawn.invitation_id)
    owner_sql("UPDATE invitation SET expires_at = clock_timestamp() WHERE email LIKE 'olaf%'")

    for one in (withdrawn, over):
        assert code_of(partial(open_invitation, secret_of(one))) == "resource/not-found"
    again = partial(withdraw_invitation, owner.console, withdrawn.invitation_id)
    assert code_of(again) == "resource/not-found"
    states = [one.state for one in list_invitations(owner.console, Listing()).invitations]
    assert states == ["expired", "withdrawn"]
    assert len(mailed(mailoutbox)) == 1


@pytest.mark.parametrize(
    ("before", "after", "asked_for", "stands"),
    [
        ("admin", None, "admin", False),
        ("admin", None, "member", False),
        ("admin", "member", "admin", False),
        ("owner", "admin", "owner", False),
        ("owner", "admin", "admin", True),
        ("admin", "owner", "admin", True),
    ],
)
def test_an_invitation_stands_no_longer_than_its_sender_could_send_it(
    owner: Somebody, before: str, after: RoleWord | None, asked_for: str, stands: bool
) -> None:
    """Otherwise somebody removed could let themselves in again, by another address."""
    ada, others = join(owner, new_person("ada"), Role(before)), invite(owner)
    link = secret_of(invite(ada, "ada-again@example.org", asked_for))

    with new_entries(owner.console.tenant_id) as entries:
        if after is None:
            remove_member(owner.console, RemoveMember(person_id=ada.id))
        else:
            change_role(owner.console, ChangeRole(person_id=ada.id, role=after))

    accept = partial(accept_invitation, link, new_person("ada-again"))
    if stands:
        assert accept().slug == "acme"
    else:
        assert code_of(accept) == code_of(partial(open_invitation, link)) == "resource/not-found"
    assert entries[-1].details.get("invitations_withdrawn", 0) == (0 if stands else 1)
    assert open_invitation(secret_of(others)).role == "member", "of somebody else"


def test_no_invitation_slips_past_the_removal_of_its_sender(owner: Somebody) -> None:
    ada = join(owner, new_person("ada"), Role.ADMIN)

    race(
        partial(remove_member, owner.console, RemoveMember(person_id=ada.id)),
        *[partial(invite, ada, f"ada-{number}@example.org", "admin") for number in range(5)],
    )

    assert owner_sql("SELECT count(*) FROM invitation WHERE state = 'waiting'") == [(0,)]


def test_two_who_accept_at_once_join_once(owner: Somebody) -> None:
    link, nina = secret_of(invite(owner)), new_person("nina")

    outcomes = race(*[partial(accept_invitation, link, nina)] * 4)

    assert sum(not isinstance(one, Exception) for one in outcomes) == 1
    assert [one.event for one in trail(owner.console.tenant_id, event="member.joined")] == [
        "member.joined"
    ]


def test_only_owners_ask_owners(owner: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    asked = invite(owner, role="owner")

    assert code_of(partial(invite, admin, "x@example.org", "owner")) == "access/permission-denied"
    withdraw = partial(withdraw_invitation, admin.console, asked.invitation_id)
    assert code_of(withdraw) == "access/permission-denied"
    change_role(owner.console, ChangeRole(person_id=admin.id, role="owner"))
    withdraw()


def test_members_are_not_asked(owner: Somebody, member: Somebody) -> None:
    assert code_of(partial(invite, owner, "Marc@example.org")) == "state/conflict"


@pytest.mark.parametrize("email", ["", "nina", "nina@", "a@b\n.org", "@example.org", "x" * 300])
def test_what_is_no_address_is_refused(owner: Somebody, email: str) -> None:
    assert code_of(partial(invite, owner, email)) == "input/invalid"


def test_invitations_are_the_owners_and_admins_business(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    asked = invite(owner)
    for attempt in (
        partial(invite, member, "x@example.org"),
        partial(list_invitations, member.console, Listing()),
        partial(withdraw_invitation, member.console, asked.invitation_id),
    ):
        assert code_of(attempt) == "access/permission-denied"
    assert list_invitations(outsider.console, Listing()).invitations == []
    unknown = problem_of(partial(withdraw_invitation, outsider.console, f"inv_{'0' * 32}"))
    foreign = partial(withdraw_invitation, outsider.console, asked.invitation_id)
    assert problem_of(foreign) == unknown
