"""Members: joining, roles, leaving, and that an owner always remains."""

from collections.abc import Callable
from functools import partial

import pytest

from access.actions import Channel
from access.actor import system_actor
from access.levels import Role
from foundation.db.ids import public_id
from foundation.errors import Conflict
from tenants.models import Membership
from tenants.operations import add_member, change_role, create_tenant, remove_member
from tenants.shapes.members import ChangeRole, RemoveMember
from tests.audit_trail import new_entries, told, trail
from tests.people import Somebody, join, new_person, new_tenant, somebody, store
from tests.racing import crew, race
from tests.refusals import code_of, problem_of, refusal
from tests.storage import everything_but_the_log, owner_sql


@pytest.fixture
def admin(owner: Somebody) -> Somebody:
    """An admin of acme."""
    return join(owner, new_person("ada"), Role.ADMIN)


def roles(who: Somebody) -> dict[str, str]:
    return dict(
        Membership.objects.filter(tenant_id=who.console.tenant_id).values_list(
            "person__name", "role"
        )
    )


# -- joining ------------------------------------------------------------------------------------


def test_a_person_joins(owner: Somebody) -> None:
    person = new_person("nina")

    with new_entries(owner.console.tenant_id) as entries:
        joined = add_member(owner.console, person, "member")

    assert (joined.email, joined.role) == ("nina@example.org", "member")
    assert told(entries) == [("member.joined", "ok")]
    assert entries[0].details == {"person": str(person.pk), "role": "member"}


def test_nobody_joins_twice(owner: Somebody, member: Somebody) -> None:
    assert code_of(partial(add_member, owner.console, member.person, "admin")) == "state/conflict"
    assert roles(owner)["Marc"] == "member"


def test_a_person_who_joins_twice_at_once_joins_once(owner: Somebody) -> None:
    person = new_person("nina")

    outcomes = race(*[partial(add_member, owner.console, person, "member")] * 6)

    failed = [one for one in outcomes if isinstance(one, Exception)]
    assert [getattr(one, "code", repr(one)) for one in failed] == ["state/conflict"] * 5


def test_a_member_adds_nobody(owner: Somebody, member: Somebody) -> None:
    assert code_of(partial(add_member, member.console, new_person("nina"), "member")) == (
        "access/permission-denied"
    )


# -- roles --------------------------------------------------------------------------------------


def test_only_owners_make_change_or_remove_owners(owner: Somebody, admin: Somebody) -> None:
    second = join(owner, new_person("oscar"), Role.OWNER)
    before = everything_but_the_log()

    for attempt in (
        partial(add_member, admin.console, new_person("accomplice"), "owner"),
        partial(change_role, admin.console, ChangeRole(person_id=admin.id, role="owner")),
        partial(change_role, admin.console, ChangeRole(person_id=second.id, role="member")),
        partial(remove_member, admin.console, RemoveMember(person_id=second.id)),
    ):
        assert code_of(attempt) == "access/permission-denied"

    after = everything_but_the_log()
    assert after["membership"] == before["membership"]
    change_role(owner.console, ChangeRole(person_id=admin.id, role="owner"))
    remove_member(admin.console, RemoveMember(person_id=second.id))


def test_an_admin_manages_members_and_admins(owner: Somebody, admin: Somebody) -> None:
    person = new_person("nina")
    nina = add_member(admin.console, person, "admin").person_id
    change_role(admin.console, ChangeRole(person_id=nina, role="member"))
    remove_member(admin.console, RemoveMember(person_id=nina))

    assert roles(owner) == {"Olivia": "owner", "Ada": "admin"}


def test_a_changed_role_is_told(owner: Somebody, member: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        change_role(owner.console, ChangeRole(person_id=member.id, role="admin"))

    assert told(entries) == [("member.role_changed", "ok")]
    assert entries[0].details == {"person": str(member.person.pk), "role": "admin"}


def test_a_new_role_counts_at_once(owner: Somebody, member: Somebody) -> None:
    assert code_of(partial(store, member)) == "access/permission-denied"
    change_role(owner.console, ChangeRole(person_id=member.id, role="admin"))
    assert store(member).access == "admin"
    change_role(owner.console, ChangeRole(person_id=member.id, role="member"))
    assert code_of(partial(store, member, "other")) == "access/permission-denied"


# -- the last owner -----------------------------------------------------------------------------


def test_the_last_owner_stays(owner: Somebody, admin: Somebody) -> None:
    for attempt in (
        partial(remove_member, owner.console, RemoveMember(person_id=owner.id)),
        partial(change_role, owner.console, ChangeRole(person_id=owner.id, role="admin")),
        partial(change_role, owner.console, ChangeRole(person_id=owner.id, role="member")),
    ):
        assert isinstance(refusal(attempt), Conflict)
    assert roles(owner)["Olivia"] == "owner"


@pytest.mark.parametrize(
    "out",
    [
        "UPDATE membership SET suspended_at = now() WHERE person_id = %s",
        "UPDATE person SET is_active = false WHERE id = %s",
    ],
)
def test_an_owner_who_cannot_act_does_not_count(owner: Somebody, out: str) -> None:
    second = join(owner, new_person("oscar"), Role.OWNER)
    owner_sql(out, second.person.pk)

    assert (
        code_of(partial(remove_member, owner.console, RemoveMember(person_id=owner.id)))
        == "state/conflict"
    )


def test_an_owner_who_is_not_the_last_may_leave(owner: Somebody) -> None:
    second = join(owner, new_person("oscar"), Role.OWNER)

    remove_member(owner.console, RemoveMember(person_id=owner.id))

    assert roles(second) == {"Oscar": "owner"}
    assert code_of(partial(store, owner)) == "auth/invalid-token"


def test_two_owners_who_remove_each_other_at_once(database: None) -> None:
    with crew(2) as both:
        for number in range(12):
            first = _owner_of(f"tenant-{number}", f"first{number}")
            second = join(first, new_person(f"second{number}"), Role.OWNER)

            outcomes = both.race(
                [
                    partial(remove_member, first.console, RemoveMember(person_id=second.id)),
                    partial(remove_member, second.console, RemoveMember(person_id=first.id)),
                ]
            )

            assert sum(not isinstance(one, Exception) for one in outcomes) == 1
            assert len(roles(first)) == 1


def test_owners_who_all_step_down_at_once(database: None) -> None:
    with crew(3) as everybody:
        for number in range(6):
            first = _owner_of(f"tenant-{number}", f"first{number}")
            owners = [first] + [
                join(first, new_person(f"{name}{number}"), Role.OWNER) for name in ("b", "c")
            ]

            everybody.race(
                [
                    partial(change_role, who.console, ChangeRole(person_id=who.id, role="member"))
                    for who in owners
                ]
            )

            assert list(roles(first).values()).count("owner") == 1


def _owner_of(slug: str, name: str) -> Somebody:
    person = new_person(name)
    return somebody(person, new_tenant(slug, person), Role.OWNER)


# -- others -------------------------------------------------------------------------------------


def test_members_of_another_tenant_are_unknown(owner: Somebody, outsider: Somebody) -> None:
    nobody = public_id("person", new_person("nobody").pk)
    operations: list[Callable[[str], object]] = [
        lambda person: remove_member(owner.console, RemoveMember(person_id=person)),
        lambda person: change_role(owner.console, ChangeRole(person_id=person, role="admin")),
    ]
    for operation in operations:
        unknown = problem_of(partial(operation, nobody))
        assert unknown["status"] == 404
        assert problem_of(partial(operation, outsider.id)) == unknown


def test_a_tenant_begins_with_its_owner_and_an_entry(database: None) -> None:
    person = new_person("olivia")

    tenant = create_tenant("acme", "Acme", person)

    assert (tenant.slug, tenant.name) == ("acme", "Acme")
    (entry,) = trail(tenant.id)
    assert (entry.event, entry.machinery, entry.door) == (
        "tenant.created",
        "create-tenant",
        "command",
    )
    assert code_of(partial(create_tenant, "acme", "Another", person)) == "state/conflict"


def test_an_operators_command_may_restore_an_owner(owner: Somebody) -> None:
    operator = system_actor("rescue", owner.console.tenant_id, Channel.COMMAND)
    person = new_person("rescuer")

    add_member(operator, person, "owner")

    assert roles(owner)["Rescuer"] == "owner"
    assert trail(owner.console.tenant_id)[-1].machinery == "rescue"


# -- what a leaver owned ------------------------------------------------------------------------


def own(key: str, *owners: Somebody) -> None:
    people = [one.person.pk for one in owners]
    owner_sql("UPDATE credential SET owners = %s WHERE key = %s", people, key)


def owners_of(key: str) -> list[object]:
    return list(owner_sql("SELECT owners FROM credential WHERE key = %s", key)[0][0])


def test_an_heir_takes_over_what_a_leaver_owned(owner: Somebody, member: Somebody) -> None:
    store(owner)
    store(owner, "shared")
    own("stripe-api-key", member)
    own("shared", member, owner)

    with new_entries(owner.console.tenant_id) as entries:
        remove_member(owner.console, RemoveMember(person_id=member.id, heir_id=owner.id))

    assert owners_of("stripe-api-key") == owners_of("shared") == [owner.person.pk]
    assert told(entries) == [
        ("credential.updated", "ok"),
        ("credential.updated", "ok"),
        ("member.removed", "ok"),
    ]
    assert entries[2].details["heir"] == str(owner.person.pk)


def test_without_an_heir_there_is_an_owner_less(owner: Somebody, member: Somebody) -> None:
    store(owner)
    own("stripe-api-key", member, owner)

    remove_member(owner.console, RemoveMember(person_id=member.id))

    assert owners_of("stripe-api-key") == [owner.person.pk]


def test_an_heir_is_another_member(owner: Somebody, member: Somebody, outsider: Somebody) -> None:
    for heir, code in ((member, "input/invalid"), (outsider, "resource/not-found")):
        request = RemoveMember(person_id=member.id, heir_id=heir.id)
        assert code_of(partial(remove_member, owner.console, request)) == code
    assert roles(owner)["Marc"] == "member"
