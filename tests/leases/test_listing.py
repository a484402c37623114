"""Leases as lists show them: one's own, those on what one manages, all for those who govern."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from access.actions import Channel
from foundation.db.ids import public_id
from leases.operations import list_leases, release_lease, revoke_leases, show_lease
from leases.shapes import LeasePageOut, ListLeases, ReleaseLease, RevokeLeases
from tests.audit_trail import new_entries, told
from tests.leases.asking import ask
from tests.people import CANARY, PURPOSE, Somebody, grant, lease, read, store
from tests.refusals import code_of, problem_of
from tests.storage import let_time_pass

KEY = "stripe-api-key"


@pytest.fixture
def user(owner: Somebody, member: Somebody) -> Somebody:
    """A member who may lease two of the owner's three credentials."""
    for key in ("stripe-api-key", "deploy-key", "other"):
        store(owner, key)
    grant(owner, member, "user", key="stripe-api-key")
    grant(owner, member, "user", key="deploy-key")
    return member


def listed(who: Somebody, **what: Any) -> LeasePageOut:
    """The leases that `who` is shown."""
    return list_leases(who.console, ListLeases.parse(what))


def ids(page: LeasePageOut) -> list[str]:
    """The leases of a page, in its order."""
    return [one.lease_id for one in page.leases]


def test_what_others_hold_takes_more_than_the_scope_to_read(
    owner: Somebody, user: Somebody
) -> None:
    theirs = lease(user.agent).lease_id
    reader = replace(owner.console, channel=Channel.REST, scopes=frozenset({"vault:read"}))
    writer = replace(reader, scopes=frozenset({"vault:write"}))
    of_key, of_all = (ListLeases.parse({"whose": "all", **more}) for more in ({"key": KEY}, {}))

    for who, call in (
        (reader, partial(show_lease, reader, theirs)),
        (reader, partial(list_leases, reader, of_key)),
        (writer, partial(list_leases, writer, of_all)),
    ):
        assert (who.scopes, code_of(call)) == (who.scopes, "auth/insufficient-scope")
    assert ids(list_leases(writer, of_key)) == [show_lease(writer, theirs).lease_id] == [theirs]


def test_everybody_sees_their_own_newest_first_and_no_handle(
    owner: Somebody, user: Somebody
) -> None:
    first = lease(user.agent, ttl=60)
    lease(owner.agent)
    second = lease(user.console, "deploy-key")

    page = listed(user)

    assert ids(page) == [second.lease_id, first.lease_id]
    one = page.leases[1]
    assert (one.key, one.folder_path, one.version, one.purpose) == (
        "stripe-api-key",
        "stripe",
        1,
        PURPOSE,
    )
    assert (one.holder.id, one.holder.name) == (user.id, user.person.email)
    assert (one.agent, one.mine, one.state, one.ttl_seconds) == ("Claude Code", True, "active", 60)
    assert page.leases[0].agent is None
    assert first.lease_handle not in str(page.wire())
    assert CANARY not in str(page.wire())


def test_living_goes_by_time_not_by_the_sweep(user: Somebody) -> None:
    over, living = lease(user.agent), lease(user.agent)
    let_time_pass(over.lease_id, 900)
    given_back = lease(user.agent)
    release_lease(user.agent, ReleaseLease(lease_handle=given_back.lease_handle))

    assert ids(listed(user)) == [living.lease_id]
    assert ids(listed(user, state="expired")) == [over.lease_id]
    assert ids(listed(user, state="revoked")) == [given_back.lease_id]
    assert [one.state for one in listed(user, state="any").leases] == [
        "revoked",
        "active",
        "expired",
    ]
    assert show_lease(user.console, over.lease_id).state == "expired"


def test_everybodys_leases_are_for_those_who_manage(owner: Somebody, user: Somebody) -> None:
    theirs, own = lease(user.agent), lease(owner.agent, "other")

    assert ids(listed(owner, whose="all")) == [own.lease_id, theirs.lease_id]
    assert [one.mine for one in listed(owner, whose="all").leases] == [True, False]
    assert code_of(partial(listed, user, whose="all")) == "access/permission-denied"
    grant(owner, user, "manager", key="other")
    assert ids(listed(user, whose="all")) == [own.lease_id]


def test_a_manager_sees_the_leases_on_what_they_manage(owner: Somebody, user: Somebody) -> None:
    lent = lease(owner.agent)
    lease(owner.agent, "deploy-key")
    all_on_it = partial(listed, user, whose="all", key="stripe-api-key")

    assert code_of(all_on_it) == "access/permission-denied"
    assert code_of(partial(show_lease, user.console, lent.lease_id)) == "access/permission-denied"
    grant(owner, user, "manager", key="stripe-api-key")
    assert ids(all_on_it()) == [lent.lease_id]
    assert show_lease(user.console, lent.lease_id).holder.id == owner.id


def test_a_list_is_narrowed_by_agent_person_and_key(owner: Somebody, user: Somebody) -> None:
    by_agent, at_console = lease(user.agent), lease(user.console, "deploy-key")
    lease(owner.agent)
    agent = public_id("agent", user.agent.agent_id)  # type: ignore[arg-type]  # an agent has one

    assert ids(listed(owner, whose="all", agentId=agent)) == [by_agent.lease_id]
    assert ids(listed(owner, whose="all", personId=user.id)) == [
        at_console.lease_id,
        by_agent.lease_id,
    ]
    assert ids(listed(owner, whose="all", personId=user.id, key="deploy-key")) == [
        at_console.lease_id
    ]
    assert ids(listed(owner, whose="all", personId="person_nobody")) == []
    assert ids(listed(user, key="stripe-api-key")) == [by_agent.lease_id]


def test_pages_lead_through_all_of_them_once(user: Somebody) -> None:
    made = [lease(user.agent, ttl=ttl).lease_id for ttl in range(60, 65)]
    seen: list[str] = []
    cursor = None
    while True:
        page = listed(user, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += ids(page)
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == made[::-1]


def test_an_invisible_credential_is_not_found_by_its_leases(
    owner: Somebody, user: Somebody, outsider: Somebody
) -> None:
    lent = lease(user.agent)

    for key in ("stripe-api-key", "no-such-key"):
        asked = partial(listed, outsider, whose="all", key=key)
        assert code_of(asked) == "credential/not-found"
    show = partial(show_lease, outsider.console)
    assert problem_of(partial(show, lent.lease_id)) == problem_of(partial(show, "lease_x"))


def test_revoking_many_ends_them_at_once_with_an_entry_each(
    owner: Somebody, user: Somebody
) -> None:
    theirs = [lease(user.agent), lease(user.agent, "deploy-key")]
    own = lease(owner.agent)
    over = lease(user.agent)
    let_time_pass(over.lease_id, 900)

    with new_entries(owner.console.tenant_id) as entries:
        answer = revoke_leases(owner.console, RevokeLeases(whose="all", person_id=user.id))

    assert answer.revoked == 2
    assert sorted(told(entries)) == [
        ("lease.expired", "ok"),
        ("lease.revoked", "ok"),
        ("lease.revoked", "ok"),
    ]
    assert {entry.person_id for entry in entries} == {owner.person.pk}
    for one in theirs:
        assert code_of(partial(read, user.agent, one.lease_handle)) == "lease/revoked"
    assert read(owner.agent, own.lease_handle).version == 1
    assert revoke_leases(owner.console, RevokeLeases(whose="all")).revoked == 1


def test_a_member_ends_their_own_and_nobody_elses(owner: Somebody, user: Somebody) -> None:
    own, theirs = lease(user.agent), lease(owner.agent)

    for what in ({"whose": "all"}, {"whose": "all", "key": "stripe-api-key"}):
        refused = partial(revoke_leases, user.console, RevokeLeases.parse(what))
        assert code_of(refused) == "access/permission-denied"
    assert revoke_leases(user.console, RevokeLeases()).revoked == 1
    assert code_of(partial(read, user.agent, own.lease_handle)) == "lease/revoked"
    assert read(owner.agent, theirs.lease_handle).version == 1


def test_revoking_all_takes_back_what_waits_as_well(owner: Somebody, user: Somebody) -> None:
    store(owner, "guarded", policy={"approval": "required"})
    grant(owner, user, "user", key="guarded")
    ask(user.agent, "guarded")

    assert revoke_leases(owner.console, RevokeLeases(whose="all", key="guarded")).revoked == 1
    assert [one.state for one in listed(user, state="any").leases] == ["withdrawn"]
