"""Grants: who may give what to whom, how long, and how far down it reaches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from access.actor import ALL_SCOPES, Actor
from access.levels import Role
from access.tenancy import tenant_transaction
from credentials.models import Credential
from credentials.operations import give_grant, list_credentials, remove_grant
from credentials.shapes.credentials import ListCredentials
from credentials.shapes.grants import GiveGrant, GrantOut
from foundation.db.clock import database_now
from foundation.db.ids import public_id, uuid7
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told
from tests.people import Somebody, grant, join, lease, new_person, read, store
from tests.racing import race
from tests.refusals import code_of, problem_of
from tests.storage import everything_but_the_log, owner_sql, wait_until


def give(who: Actor, whom: Somebody, level: str = "user", **more: Any) -> GrantOut:
    return give_grant(who, GiveGrant.parse({"personId": whom.id, "level": level, **more}))


def keys(who: Actor) -> dict[str, str]:
    """What `who` sees, with their level on it."""
    page = list_credentials(who, ListCredentials.parse({}))
    return {one.key: one.access for one in page.credentials}


@pytest.fixture
def closed(owner: Somebody) -> Somebody:
    """The owner of a tenant in which a member sees nothing without a grant."""
    change_settings(owner.console, ChangeSettings(baseline_level="none"))
    store(owner, "top", folderPath="")
    store(owner, "live", folderPath="stripe/live")
    store(owner, "test", folderPath="stripe/test")
    return owner


def test_a_grant_says_what_it_gives(owner: Somebody, member: Somebody) -> None:
    store(owner)

    with new_entries(owner.console.tenant_id) as entries:
        given = give(owner.console, member, key="stripe-api-key")

    assert (given.subject.id, given.level, given.key) == (member.id, "user", "stripe-api-key")
    assert (given.folder_path, given.expires_at) == (None, None)
    assert told(entries) == [("grant.created", "ok")]
    assert entries[0].credential_key == "stripe-api-key"
    assert entries[0].details["person"] == str(member.person.pk)
    assert entries[0].details["level"] == "user"


@pytest.mark.parametrize(
    ("folder", "seen"),
    [
        ("", {"top", "live", "test"}),
        ("stripe", {"live", "test"}),
        ("stripe/live", {"live"}),
    ],
)
def test_a_folders_grant_is_inherited_downwards(
    closed: Somebody, member: Somebody, folder: str, seen: set[str]
) -> None:
    store(closed, "in-stripe", folderPath="stripe")
    assert keys(member.agent) == {}

    grant(closed, member, "user", folderPath=folder)

    inherited = seen | ({"in-stripe"} if folder in {"", "stripe"} else set())
    assert keys(member.agent) == dict.fromkeys(inherited, "user")
    for key in inherited:
        assert lease(member.agent, key).key == key


def test_the_highest_of_several_counts(closed: Somebody, member: Somebody) -> None:
    grant(closed, member, "user", folderPath="stripe")
    grant(closed, member, "viewer", folderPath="stripe/live")
    grant(closed, member, "manager", key="test")

    assert keys(member.agent) == {"live": "user", "test": "manager"}


def test_what_is_stored_later_is_reached_too(closed: Somebody, member: Somebody) -> None:
    grant(closed, member, "user", folderPath="stripe")

    store(closed, "later", folderPath="stripe/live/eu")

    assert lease(member.agent, "later").version == 1


def test_a_grant_ends_by_time(closed: Somebody, member: Somebody) -> None:
    soon = database_now() + timedelta(seconds=1)
    give(closed.console, member, key="live", expiresAt=soon)
    handle = lease(member.agent, "live").lease_handle
    assert read(member.agent, handle).version == 1

    wait_until(soon)

    assert keys(member.agent) == {}
    assert code_of(partial(read, member.agent, handle)) == "lease/revoked"
    assert code_of(partial(lease, member.agent, "live")) == "credential/not-found"


@pytest.mark.parametrize(
    "bad",
    [
        {"expiresAt": datetime(2020, 1, 1, tzinfo=UTC)},
        {"expiresAt": datetime(2099, 1, 1)},  # noqa: DTZ001  # without an offset it says nothing
        {"expiresAt": "tomorrow"},
        {"level": "none"},
        {"level": "owner"},
        {"agents": ["agent_x"]},
        {"agents": [public_id("agent", uuid7())]},
        {"folderPath": "stripe"},
        {"key": None},
        {"until": 5},
    ],
)
def test_a_malformed_grant_changes_nothing(
    closed: Somebody, member: Somebody, bad: dict[str, Any]
) -> None:
    before = everything_but_the_log()

    assert code_of(lambda: give(closed.console, member, **{"key": "live", **bad})) == (
        "input/invalid"
    )
    assert everything_but_the_log() == before


def test_a_grant_is_for_members_of_the_tenant(
    closed: Somebody, member: Somebody, outsider: Somebody
) -> None:
    stranger = problem_of(partial(give, closed.console, outsider, key="live"))

    assert stranger["code"] == "resource/not-found"
    nobody = {"personId": "person_" + "0" * 32, "level": "user", "key": "live"}
    assert problem_of(partial(give_grant, closed.console, GiveGrant.parse(nobody))) == stranger


def test_only_who_holds_admin_gives(closed: Somebody, member: Somebody) -> None:
    colleague = join(closed, new_person("carla"))
    grant(closed, member, "manager", folderPath="stripe")
    assert code_of(partial(give, member.console, colleague, key="live")) == (
        "access/permission-denied"
    )

    grant(closed, member, "admin", folderPath="stripe")

    assert give(member.console, colleague, "admin", key="live").level == "admin"
    assert give(member.console, colleague, folderPath="stripe/live").level == "user"
    for elsewhere in ({"key": "top"}, {"folderPath": ""}):
        assert code_of(partial(give, member.console, colleague, **elsewhere)) in {
            "credential/not-found",
            "folder/not-found",
        }
    assert code_of(partial(give, member.agent, colleague, key="live")) == "auth/insufficient-scope"


def test_nobody_gives_longer_than_they_hold(closed: Somebody, member: Somebody) -> None:
    colleague = join(closed, new_person("carla"))
    until = database_now() + timedelta(hours=1)
    later = until + timedelta(seconds=1)
    give(closed.console, member, "admin", key="live", expiresAt=until)

    for whom in (colleague, member):
        assert code_of(partial(give, member.console, whom, "admin", key="live")) == (
            "access/permission-denied"
        )
        assert code_of(
            partial(give, member.console, whom, "viewer", key="live", expiresAt=later)
        ) == ("access/permission-denied")
    assert give(member.console, colleague, "admin", key="live", expiresAt=until).expires_at == until


def test_nobody_gives_what_more_agents_can_use(closed: Somebody, member: Somebody) -> None:
    """Or whoever holds admin through one agent would give it to themselves through any."""
    agent = replace(member.agent, scopes=ALL_SCOPES)
    assert agent.agent_id
    assert closed.agent.agent_id
    own, other = (public_id("agent", one) for one in (agent.agent_id, closed.agent.agent_id))
    give(closed.console, member, "admin", key="live", agents=[own])
    colleague = join(closed, new_person("mia"))

    for agents in (None, [other], [own, other]):
        attempt = partial(give, agent, colleague, key="live", agents=agents)
        assert code_of(attempt) == "access/permission-denied"
    assert give(agent, colleague, key="live", agents=[own]).agents == [own]


def test_a_narrowed_token_of_an_owner_gives_on_what_it_is_narrowed_to(
    closed: Somebody, member: Somebody
) -> None:
    with tenant_transaction(closed.console.tenant_id):
        live = Credential.objects.of(closed.console).get(key="live")
    token = replace(closed.console, allowed_credentials=frozenset({live.pk}))

    assert give(token, member, key="live").level == "user"


def test_a_folder_that_is_unknown_or_out_of_sight_is_one_answer(
    closed: Somebody, member: Somebody
) -> None:
    grant(closed, member, "admin", folderPath="stripe/live")
    colleague = join(closed, new_person("carla"))

    unknown = problem_of(partial(give, member.console, colleague, folderPath="no/such"))

    assert unknown["code"] == "folder/not-found"
    assert problem_of(partial(give, member.console, colleague, folderPath="stripe/test")) == unknown


def test_giving_again_changes_the_one_grant(closed: Somebody, member: Somebody) -> None:
    first = grant(closed, member, "user", key="live")

    with new_entries(closed.console.tenant_id) as entries:
        second = grant(closed, member, "manager", key="live")
        assert grant(closed, member, "manager", key="live") == second

    assert second.grant_id == first.grant_id
    assert told(entries) == [("grant.changed", "ok")]
    assert owner_sql("SELECT level FROM credential_grant") == [("manager",)]


def test_removing_a_grant(closed: Somebody, member: Somebody, outsider: Somebody) -> None:
    given = grant(closed, member, "user", key="live")
    unknown = problem_of(partial(remove_grant, closed.console, "grant_" + "0" * 32))
    assert problem_of(partial(remove_grant, outsider.console, given.grant_id)) == unknown
    assert code_of(partial(remove_grant, member.console, given.grant_id)) == (
        "access/permission-denied"
    )

    with new_entries(closed.console.tenant_id) as entries:
        remove_grant(closed.console, given.grant_id)

    assert told(entries) == [("grant.removed", "ok")]
    assert problem_of(partial(remove_grant, closed.console, given.grant_id)) == unknown
    assert keys(member.agent) == {}


def test_owners_and_admins_need_no_grant(closed: Somebody) -> None:
    admin = join(closed, new_person("ada"), Role.ADMIN)

    assert keys(admin.agent) == dict.fromkeys(["top", "live", "test"], "admin")


def test_the_baseline_is_what_every_member_has(closed: Somebody, member: Somebody) -> None:
    for level in ("viewer", "user"):
        change_settings(closed.console, ChangeSettings.parse({"baselineLevel": level}))
        assert keys(member.agent) == dict.fromkeys(["top", "live", "test"], level)
    grant(closed, member, "manager", key="live")
    assert keys(member.agent)["live"] == "manager"


def test_the_same_grant_given_by_two_at_once_is_one(closed: Somebody, member: Somebody) -> None:
    outcomes = race(*[partial(give, closed.console, member, key="live")] * 6)

    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert owner_sql("SELECT count(*) FROM credential_grant") == [(1,)]
