"""Who used a credential lately, and what somebody used: counts of 7 and 30 days."""

from functools import partial

import pytest

from access.actor import Actor
from foundation.db.ids import public_id
from leases.operations import show_activity
from leases.shapes import ActivityOut, ShowActivity
from tenants.operations import add_to_group, create_group
from tenants.shapes.groups import CreateGroup, GroupPlace
from tests.people import Somebody, grant, lease, read, store
from tests.refusals import code_of
from tests.storage import owner_sql


@pytest.fixture
def used(owner: Somebody, member: Somebody) -> str:
    """The member's agent read a key twice, the owner at the console once, and once long ago."""
    store(owner, folderPath="stripe")
    store(owner, "other")
    grant(owner, member, "user", folderPath="stripe")
    for actor in (owner.console, member.agent, member.agent, owner.console):
        read(actor, lease(actor).lease_handle)
    lease(member.agent)
    owner_sql(
        "UPDATE audit_entry SET at = at - interval '10 days' WHERE event = 'credential.read'"
        " AND id = (SELECT min(id::text)::uuid FROM audit_entry WHERE event = 'credential.read')"
    )
    assert member.agent.agent_id
    return public_id("agent", member.agent.agent_id)


def of(actor: Actor, **subject: str) -> ActivityOut:
    return show_activity(actor, ShowActivity.parse(subject))


def counts(activity: ActivityOut) -> list[tuple[str, str, int, int]]:
    return [(used.kind, used.name, used.week, used.month) for used in activity.usage]


def test_a_credential_says_who_used_it(owner: Somebody, member: Somebody, used: str) -> None:
    activity = of(member.console, key="stripe-api-key")
    assert sorted(counts(activity)) == [
        ("agent", "Claude Code", 2, 2),
        ("person", "olivia@example.org", 1, 2),
    ]
    assert {item.of for item in activity.usage} == {"marc@example.org", ""}
    assert activity.live_leases == 5
    assert activity.last_at


@pytest.mark.parametrize("subject", ["agentId", "personId", "groupId", "folderPath"])
def test_somebody_says_what_they_used(
    owner: Somebody, member: Somebody, used: str, subject: str
) -> None:
    group = create_group(owner.console, CreateGroup(name="Payments"))
    place = {"groupId": group.group_id, "personId": member.id}
    add_to_group(owner.console, GroupPlace.parse(place))
    ids = {"agentId": used, "personId": member.id, "groupId": group.group_id, "folderPath": "str"}
    expected = 0 if subject == "folderPath" else 2
    activity = of(owner.console, **{subject: ids[subject]})
    assert sum(item.month for item in activity.usage) == expected
    assert {item.id for item in activity.usage} <= {"stripe-api-key"}


def test_a_folder_includes_what_is_below(owner: Somebody, used: str) -> None:
    assert counts(of(owner.console, folderPath="")) == [("credential", "stripe-api-key", 3, 4)]
    assert of(owner.console, folderPath="stripe").live_leases == 5


def test_a_member_sees_their_own_and_nobody_elses(
    owner: Somebody, member: Somebody, outsider: Somebody, used: str
) -> None:
    assert of(member.console, agentId=used).usage
    assert of(member.console, personId=member.id).usage
    assert code_of(partial(of, member.console, personId=owner.id)) == "resource/not-found"
    assert code_of(partial(of, member.console, groupId=f"group_{'0' * 32}")) == (
        "access/permission-denied"
    )
    assert code_of(partial(of, outsider.console, key="stripe-api-key")) == "credential/not-found"
    assert code_of(partial(of, outsider.console, agentId=used)) == "resource/not-found"
    assert of(outsider.console, personId=member.id).usage == []
    assert code_of(partial(of, owner.console)) == "input/invalid"
    both = {"key": "stripe-api-key", "personId": member.id}
    assert code_of(partial(of, owner.console, **both)) == "input/invalid"


def test_what_is_no_longer_seen_has_no_link(owner: Somebody, member: Somebody, used: str) -> None:
    store(owner, "closed", folderPath="stripe")
    read(member.agent, lease(member.agent, "closed").lease_handle)
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    owner_sql("DELETE FROM credential_grant")
    found = of(member.console, agentId=used).usage
    assert {(item.id, item.name) for item in found} == {(None, "stripe-api-key"), (None, "closed")}
