"""A suspended member has no access, and gets back only what a suspension does not end."""

from functools import partial

import pytest

from access.levels import Role
from audit.events import Event
from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from tenants.models import Invitation, InvitationState, Membership
from tenants.operations import invite_member, resume_member, suspend_member
from tenants.shapes.invitations import InviteMember
from tenants.shapes.members import SuspendMember
from tests.audit_trail import new_entries, told
from tests.console.pages import page, signed_in
from tests.people import Somebody, grant, join, lease, new_person, read, store
from tests.racing import race
from tests.refusals import code_of


def suspend(by: Somebody, whom: Somebody) -> None:
    suspend_member(by.console, SuspendMember(person_id=whom.id))


def test_a_suspension_ends_access_and_leases_at_once(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    lent = lease(member.agent)

    with new_entries(owner.console.tenant_id) as entries:
        suspend(owner, member)

    assert told(entries) == [("lease.revoked", "ok"), ("member.suspended", "ok")]
    for actor in (member.agent, member.console):
        assert code_of(partial(lease, actor)) == "auth/invalid-token"
        assert code_of(partial(list_credentials, actor, ListCredentials())) == "auth/invalid-token"
    assert code_of(partial(read, member.agent, lent.lease_handle)) == "lease/revoked"


def test_resuming_gives_grants_back_and_revives_no_lease(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    lent = lease(member.agent)
    suspend(owner, member)

    assert resume_member(owner.console, member.id).suspended_at is None

    assert code_of(partial(read, member.agent, lent.lease_handle)) == "lease/revoked"
    read(member.agent, lease(member.agent).lease_handle)


def test_invitations_of_a_suspended_member_are_withdrawn(owner: Somebody) -> None:
    ada = join(owner, new_person("ada"), Role.ADMIN)
    invite_member(ada.console, InviteMember(email="friend@example.org", role="member"))
    suspend(owner, ada)
    assert Invitation.objects.get().state == InvitationState.WITHDRAWN


def test_only_owners_suspend_owners_and_nobody_themselves(owner: Somebody) -> None:
    ada = join(owner, new_person("ada"), Role.ADMIN)
    oscar = join(owner, new_person("oscar"), Role.OWNER)
    assert code_of(partial(suspend, ada, oscar)) == "access/permission-denied"
    assert code_of(partial(suspend, owner, owner)) == "state/conflict"
    suspend(owner, oscar)
    assert code_of(partial(resume_member, ada.console, oscar.id)) == "access/permission-denied"


def test_an_owner_remains_when_two_suspend_each_other_at_once(owner: Somebody) -> None:
    other = join(owner, new_person("oscar"), Role.OWNER)
    race(partial(suspend, owner, other), partial(suspend, other, owner))
    rows = Membership.objects.filter(role=Role.OWNER, suspended_at=None)
    assert rows.count() == 1


@pytest.mark.parametrize("operation", ["suspend", "resume"])
def test_doing_it_again_changes_and_records_nothing(
    owner: Somebody, member: Somebody, operation: str
) -> None:
    if operation == "suspend":
        suspend(owner, member)
    with new_entries(owner.console.tenant_id) as entries:
        if operation == "suspend":
            suspend(owner, member)
        else:
            resume_member(owner.console, member.id)
    assert Event.MEMBER_SUSPENDED not in {entry.event for entry in entries}
    assert told(entries) == []


def test_in_the_console(owner: Somebody, member: Somebody) -> None:
    browser, theirs = signed_in(owner), signed_in(member)
    sent = browser.post(f"/team/members/{member.id}/suspend")
    assert sent["Location"] == "/team/members/"
    assert "suspended" in page(browser.get("/team/members/")).text
    assert theirs.get("/team/").status_code == 403
    assert browser.post(f"/team/members/{member.id}/resume").status_code == 302
    assert theirs.get("/team/").status_code == 200
