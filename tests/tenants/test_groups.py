"""Groups: access given together, and lost when people leave."""

from functools import partial

import pytest

from credentials.operations import give_grant
from credentials.shapes.grants import GiveGrant
from tenants.operations import (
    add_to_group,
    change_group,
    create_group,
    list_groups,
    list_members,
    remove_from_group,
    remove_group,
    remove_member,
    show_group,
)
from tenants.shapes.fields import Listing
from tenants.shapes.groups import ChangeGroup, CreateGroup, GroupDetailOut, GroupPlace, GroupWords
from tenants.shapes.members import RemoveMember
from tests.audit_trail import new_entries, told
from tests.people import Somebody, grant, join, lease, new_person, read, store
from tests.refusals import code_of, problem_of
from tests.storage import owner_sql


def make(who: Somebody, name: str = "Payments") -> GroupDetailOut:
    return create_group(who.console, CreateGroup(name=name))


def put(owner: Somebody, group: GroupDetailOut, whom: Somebody) -> GroupDetailOut:
    place = GroupPlace(group_id=group.group_id, person_id=whom.id)
    return add_to_group(owner.console, place)


def take(owner: Somebody, group: GroupDetailOut, whom: Somebody) -> GroupDetailOut:
    place = GroupPlace(group_id=group.group_id, person_id=whom.id)
    return remove_from_group(owner.console, place)


def allow(owner: Somebody, group: GroupDetailOut, **thing: str) -> None:
    data = {"groupId": group.group_id, "level": "user", **thing}
    give_grant(owner.console, GiveGrant.parse(data))


@pytest.fixture
def group(owner: Somebody, member: Somebody) -> GroupDetailOut:
    """Payments, with the member in it, who may use stripe-api-key through it."""
    store(owner)
    made = put(owner, make(owner), member)
    allow(owner, made, key="stripe-api-key")
    return made


def lease_states() -> list[str]:
    return [row[0] for row in owner_sql("SELECT state FROM lease ORDER BY id")]


def test_a_group_is_made_described_and_found_by_name(owner: Somebody, member: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        made = make(owner, "beta")
        make(owner, "Alpha")
        change = ChangeGroup(group_id=made.group_id, name="gamma", description="On call")
        change_group(owner.console, change)
        put(owner, made, member)

    assert told(entries) == [
        ("group.created", "ok"),
        ("group.created", "ok"),
        ("group.changed", "ok"),
        ("group.joined", "ok"),
    ]
    listed = list_groups(owner.console, Listing()).groups
    assert [(one.name, one.people) for one in listed] == [("Alpha", 0), ("gamma", 1)]
    shown = show_group(owner.console, made.group_id)
    assert (shown.description, [one.email for one in shown.members]) == (
        "On call",
        ["marc@example.org"],
    )


def test_a_change_of_something_older_is_refused(owner: Somebody) -> None:
    made = make(owner, "beta")
    seen = GroupWords(name="beta", description=made.description)
    first = ChangeGroup(group_id=made.group_id, description="On call", expected=seen)
    change_group(owner.console, first)

    late = ChangeGroup(group_id=made.group_id, name="gamma", expected=seen)

    assert code_of(partial(change_group, owner.console, late)) == "precondition/failed"
    assert show_group(owner.console, made.group_id).name == "beta"


def test_lists_go_on_behind_their_last_row(owner: Somebody) -> None:
    names = [f"group {number}" for number in range(7)]
    for name in reversed(names):
        make(owner, name)

    found, cursor, first = [], None, True
    while first or cursor:
        shown = list_groups(owner.console, Listing(limit=3, cursor=cursor))
        found += [one.name for one in shown.groups]
        cursor, first = shown.next_cursor, False

    assert found == names


@pytest.mark.parametrize("cursor", ["x", "", "W10", "WyJhIiwgImIiXQ", "bnVsbA"])
def test_a_cursor_of_ones_own_making_is_refused(owner: Somebody, cursor: str) -> None:
    request = Listing(cursor=cursor)
    assert code_of(partial(list_groups, owner.console, request)) == "input/invalid"


def test_a_name_is_taken_whatever_its_case(owner: Somebody) -> None:
    make(owner, "Payments")
    other = make(owner, "Other")

    assert code_of(partial(make, owner, "payments")) == "state/conflict"
    rename = ChangeGroup(group_id=other.group_id, name="PAYMENTS")
    assert code_of(partial(change_group, owner.console, rename)) == "state/conflict"


def test_a_group_gives_its_members_what_it_was_given(
    owner: Somebody, member: Somebody, group: GroupDetailOut
) -> None:
    assert lease(member.agent).key == "stripe-api-key"
    listed = list_members(owner.console, Listing()).members
    assert {one.email: [ref.name for ref in one.groups] for one in listed} == {
        "marc@example.org": ["Payments"],
        "olivia@example.org": [],
    }


def test_joining_and_leaving_twice_changes_nothing(
    owner: Somebody, member: Somebody, group: GroupDetailOut
) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        put(owner, group, member)
        take(owner, group, member)
        take(owner, group, member)

    assert told(entries) == [("group.left", "ok")]


@pytest.mark.parametrize("thing", [{"key": "stripe-api-key"}, {"folderPath": "stripe"}])
def test_who_leaves_loses_what_was_leased_by_the_groups_grants(
    owner: Somebody, member: Somebody, thing: dict[str, str]
) -> None:
    store(owner)
    group = put(owner, make(owner), member)
    allow(owner, group, **thing)
    handle = lease(member.agent).lease_handle

    with new_entries(owner.console.tenant_id) as entries:
        take(owner, group, member)

    assert told(entries) == [("lease.revoked", "ok"), ("group.left", "ok")]
    assert code_of(partial(read, member.agent, handle)) == "lease/revoked"
    assert code_of(partial(lease, member.agent)) == "access/permission-denied"


def test_who_leaves_keeps_what_the_group_had_nothing_to_do_with(
    owner: Somebody, member: Somebody, group: GroupDetailOut
) -> None:
    store(owner, "other")
    grant(owner, member, "user", key="other")
    handle = lease(member.agent, "other").lease_handle

    take(owner, group, member)

    assert read(member.agent, handle).key == "other"


def test_others_in_the_group_keep_their_leases(
    owner: Somebody, member: Somebody, group: GroupDetailOut
) -> None:
    colleague = join(owner, new_person("nina"))
    put(owner, group, colleague)
    handle = lease(colleague.agent).lease_handle

    take(owner, group, member)

    assert read(colleague.agent, handle).key == "stripe-api-key"


def test_a_group_that_ends_takes_its_grants_and_leases_along(
    owner: Somebody, member: Somebody, group: GroupDetailOut
) -> None:
    colleague = join(owner, new_person("nina"))
    put(owner, group, colleague)
    lease(member.agent)
    lease(colleague.agent)

    with new_entries(owner.console.tenant_id) as entries:
        remove_group(owner.console, group.group_id)

    assert told(entries) == [
        ("lease.revoked", "ok"),
        ("lease.revoked", "ok"),
        ("grant.removed", "ok"),
        ("group.removed", "ok"),
    ]
    assert lease_states() == ["revoked", "revoked"]
    assert owner_sql("SELECT count(*) FROM credential_grant") == [(0,)]
    assert code_of(partial(show_group, owner.console, group.group_id)) == "resource/not-found"


def test_who_leaves_the_tenant_leaves_its_groups(
    owner: Somebody, member: Somebody, group: GroupDetailOut
) -> None:
    remove_member(owner.console, RemoveMember(person_id=member.id))
    join(owner, member.person)

    assert show_group(owner.console, group.group_id).members == []


def test_groups_are_the_owners_and_admins_business(
    owner: Somebody, member: Somebody, outsider: Somebody, group: GroupDetailOut
) -> None:
    place = GroupPlace(group_id=group.group_id, person_id=member.id)
    for attempt in (
        partial(list_groups, member.console, Listing()),
        partial(show_group, member.console, group.group_id),
        partial(make, member, "Mine"),
        partial(add_to_group, member.console, place),
        partial(remove_group, member.console, group.group_id),
    ):
        assert code_of(attempt) == "access/permission-denied"
    unknown = problem_of(partial(remove_group, outsider.console, f"group_{'0' * 32}"))
    assert problem_of(partial(remove_group, outsider.console, group.group_id)) == unknown


def test_only_members_come_into_a_group(
    owner: Somebody, outsider: Somebody, group: GroupDetailOut
) -> None:
    assert code_of(partial(put, owner, group, outsider)) == "resource/not-found"
    theirs = make(outsider)
    assert code_of(partial(put, outsider, theirs, owner)) == "resource/not-found"
