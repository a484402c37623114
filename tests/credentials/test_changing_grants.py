"""Many grants at once: all or none, seen before they are made; and what time ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.actor import system_actor
from access.tenancy import tenant_transaction
from credentials.models import Grant
from credentials.operations import change_grants, expire_due_grant, list_grants
from credentials.shapes.grants import ChangedGrantsOut, ChangeGrants, ListGrants
from foundation.db.due_rows import due_rows
from foundation.db.ids import parse_public_id, public_id, uuid7
from foundation.errors import Denied, Invalid, NotFound, PreconditionFailed
from tenants.models import Group, GroupMember, ServiceAccount
from tests.audit_trail import new_entries, told
from tests.people import Somebody, grant, join, lease, new_person, read, store
from tests.refusals import code_of
from tests.storage import everything_but_the_log, owner_sql

KEY = "stripe-api-key"


def change(who: Somebody, *changes: dict[str, Any], dry: bool = False) -> ChangedGrantsOut:
    request = ChangeGrants.parse({"changes": list(changes), "dryRun": dry})
    return change_grants(who.console, request)


def on(whom: Somebody, level: str | None, **more: Any) -> dict[str, Any]:
    return {"personId": whom.id, "level": level, "key": KEY, **more}


def levels(owner: Somebody) -> dict[str, str]:
    page = list_grants(owner.console, ListGrants(limit=200))
    return {one.subject.name: one.level for one in page.grants}


def new_group(owner: Somebody, *members: Somebody) -> str:
    with tenant_transaction(owner.console.tenant_id):
        group = Group.objects.create(tenant_id=owner.console.tenant_id, name="Payments")
        for one in members:
            GroupMember.objects.create(
                tenant_id=owner.console.tenant_id, group=group, person=one.person
            )
    return public_id("group", group.pk)


def new_account(owner: Somebody) -> str:
    with tenant_transaction(owner.console.tenant_id):
        account = ServiceAccount.objects.create(tenant_id=owner.console.tenant_id, name="deploy")
    return public_id("sa", account.pk)


@pytest.fixture
def other(owner: Somebody) -> Somebody:
    return join(owner, new_person("nora"))


def test_several_people_at_once(owner: Somebody, member: Somebody, other: Somebody) -> None:
    store(owner)
    grant(owner, member, "viewer", key=KEY)

    with new_entries(owner.console.tenant_id) as entries:
        done = change(owner, on(member, "user"), on(other, "manager"))

    assert [
        (one.before and one.before.level, one.after and one.after.level) for one in done.changes
    ] == [
        ("viewer", "user"),
        (None, "manager"),
    ]
    assert levels(owner) == {"marc@example.org": "user", "nora@example.org": "manager"}
    assert told(entries) == [
        ("grant.changed", "ok"),
        ("grant.created", "ok"),
        ("grant.bulk_changed", "ok"),
    ]


def test_one_that_fails_takes_all_back(owner: Somebody, member: Somebody) -> None:
    store(owner)
    before = everything_but_the_log()
    nobody = {"personId": public_id("person", uuid7()), "level": "user", "key": KEY}

    with pytest.raises(NotFound):
        change(owner, on(member, "user"), nobody)

    assert everything_but_the_log() == before


def test_a_foreign_thing_is_as_unknown_as_none(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    store(outsider, "theirs")

    foreign = code_of(lambda: change(owner, on(member, "user"), on(member, "user", key="theirs")))
    unknown = code_of(lambda: change(owner, on(member, "user"), on(member, "user", key="nowhere")))

    assert foreign == unknown == "credential/not-found"
    assert levels(owner) == {}


def test_a_dry_run_says_what_would_be_and_leaves_no_entry(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY)
    handle = lease(member.agent).lease_handle

    with new_entries(owner.console.tenant_id) as entries:
        seen = change(owner, on(member, None), dry=True)

    (one,) = seen.changes
    assert (one.after, one.ends_leases) == (None, 1)
    assert told(entries) == []
    assert read(member.agent, handle).key == KEY


def test_a_stale_cell_is_noticed(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY)

    with pytest.raises(PreconditionFailed):
        change(owner, on(member, "manager", expected=None))
    with pytest.raises(PreconditionFailed):
        change(owner, on(member, "manager", expected={"level": "viewer"}))
    change(owner, on(member, "manager", expected={"level": "user"}))

    assert levels(owner) == {"marc@example.org": "manager"}


def test_the_same_cell_twice_or_none_at_all_is_refused(owner: Somebody, member: Somebody) -> None:
    store(owner)

    with pytest.raises(Invalid):
        change(owner, on(member, "user"), on(member, "viewer"))
    with pytest.raises(Invalid):
        change(owner)


def test_a_member_cannot(owner: Somebody, member: Somebody, other: Somebody) -> None:
    store(owner)

    with pytest.raises(Denied):
        change(member, on(other, "user"))


def test_a_group_gives_to_its_members_and_takes_from_them(
    owner: Somebody, member: Somebody, other: Somebody
) -> None:
    store(owner)
    group = new_group(owner, member)
    change(owner, {"groupId": group, "level": "user", "key": KEY})
    handle = lease(member.agent).lease_handle

    assert code_of(lambda: lease(other.agent)) == "access/permission-denied"
    change(owner, {"groupId": group, "level": None, "key": KEY})

    assert code_of(lambda: read(member.agent, handle)) == "lease/revoked"
    assert code_of(lambda: lease(member.agent)) == "access/permission-denied"


def test_a_service_account_is_named_in_its_grant(owner: Somebody) -> None:
    store(owner)
    account = new_account(owner)

    done = change(owner, {"serviceAccountId": account, "level": "user", "folderPath": "stripe"})

    (one,) = done.changes
    assert (one.subject.kind, one.subject.name) == ("service_account", "deploy")
    assert (one.key, one.folder_path) == (None, "stripe")


def test_whose_grants_are_whose_to_see(
    owner: Somebody, member: Somebody, other: Somebody, outsider: Somebody
) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY)

    own = list_grants(member.console, ListGrants(person_id=member.id))
    assert [one.key for one in own.grants] == [KEY]
    for wish in (ListGrants(), ListGrants(person_id=other.id), ListGrants(key=KEY)):
        with pytest.raises(Denied):
            list_grants(member.console, wish)
    assert list_grants(outsider.console, ListGrants(person_id=member.id)).grants == []


def test_time_ends_a_grant_and_the_worker_notes_it(owner: Somebody, member: Somebody) -> None:
    store(owner)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    given = grant(owner, member, "user", key=KEY, expiresAt=soon)
    handle = lease(member.agent).lease_handle
    owner_sql("UPDATE credential_grant SET expires_at = clock_timestamp()")

    assert code_of(lambda: read(member.agent, handle)) == "access/permission-denied"
    due = due_rows("grants_due")
    worker = system_actor("grant-expiry", owner.console.tenant_id)
    with new_entries(owner.console.tenant_id) as entries:
        ended = [expire_due_grant(worker, one) for _, one in due]

    assert (ended, due[0][1]) == ([True], parse_public_id("grant", given.grant_id))
    assert told(entries)[-1] == ("grant.expired", "ok")
    with tenant_transaction(owner.console.tenant_id):
        assert not Grant.objects.exists()


def test_a_grant_that_lasts_is_not_due(owner: Somebody, member: Somebody) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY)

    assert due_rows("grants_due") == []
