"""Every action, by every role, level, door and scope: what the table says is what happens."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.core.cache import cache

from access.actions import RULES, SYSTEM, Action, Channel
from access.actor import Actor, system_actor
from access.levels import Level, Role
from access.scopes import Scope
from foundation.db.ids import uuid7
from foundation.errors import (
    Denied,
    InsufficientScope,
    LeaseOver,
    NotFound,
    StepUpRequired,
    VaultError,
)
from tests.contracts.acme import DESK, OWN, Acme
from tests.contracts.cases import CASES
from tests.contracts.full_acme import FullAcme
from tests.contracts.operations import Operation, operations
from tests.emptying import shared
from tests.people import Somebody, grant, join, new_person, new_tenant, somebody
from tests.storage import everything_but_the_log, owner_sql

SCOPES: dict[Scope | None, frozenset[str]] = {
    None: frozenset({"offline_access", "vault", "VAULT:ADMIN", "vault:"}),
    Scope.READ: frozenset({"vault:read"}),
    Scope.WRITE: frozenset({"vault:write"}),
    Scope.ADMIN: frozenset({"vault:admin"}),
}
RANK = [None, Scope.READ, Scope.WRITE, Scope.ADMIN]


def test_every_action_has_a_rule_and_every_rule_an_action() -> None:
    assert set(RULES) == set(Action)


def test_every_operation_has_one_action_and_every_action_one_operation() -> None:
    ruled = {one.name: one.action for one in operations().values()}

    assert sorted(ruled.values()) == sorted(Action)


def test_every_operation_has_a_case_and_every_case_an_operation() -> None:
    assert set(CASES) == set(operations())


def test_what_is_not_listed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, Action.LIST_CREDENTIALS)

    with pytest.raises(Denied):
        system_actor("demo", uuid7(), Channel.COMMAND).require(Action.LIST_CREDENTIALS)


@pytest.mark.parametrize("action", Action)
def test_doors_and_scopes_narrow_every_action(action: Action) -> None:
    rule = RULES[action]
    for channel in Channel:
        for held, scopes in SCOPES.items():
            actor = Actor(tenant_id=uuid7(), channel=channel, person_id=uuid7(), scopes=scopes)
            expected: type[VaultError] | None = None
            if channel not in rule.channels:
                expected = Denied
            elif RANK.index(held) < RANK.index(rule.scope):
                expected = InsufficientScope
            elif rule.step_up and channel is Channel.CONSOLE:
                expected = StepUpRequired
            assert _refused_with(actor, action) is expected, (channel, held)


def _refused_with(actor: Actor, action: Action) -> type[VaultError] | None:
    try:
        actor.require(action)
    except VaultError as error:
        return type(error)
    return None


# What a caller holds: a level on the desk where everything lies, or a role that holds it all.
CALLERS: list[Level | Role] = [*Level, Role.ADMIN, Role.OWNER, Role.AUDITOR]


@dataclass(frozen=True)
class Callers:
    """Acme, where nothing is visible without a grant, and somebody for each level and role."""

    acme: Acme
    somebodies: dict[Level | Role, Somebody]


def make_callers() -> Callers:
    """In an empty database."""
    person = new_person("olivia")
    acme = Acme(somebody(person, new_tenant("acme", person), Role.OWNER))
    acme.key(acme.owner)
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    return Callers(acme, {caller: _caller(acme, caller) for caller in CALLERS})


def _caller(acme: Acme, caller: Level | Role) -> Somebody:
    if caller is Role.OWNER:
        return acme.owner
    role = caller if isinstance(caller, Role) else Role.MEMBER
    who = join(acme.owner, new_person(f"caller-{caller.name}-{role}"), role)
    if role is not Role.AUDITOR:
        grant(acme.owner, who, "user", folderPath=DESK)
    return who


@pytest.fixture
def callers(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callers]:
    """The same for every operation: each of them gets things of its own."""
    with django_db_blocker.unblock():
        cache.clear()
        yield shared(make_callers)


@pytest.mark.parametrize("operation", operations().values(), ids=operations())
def test_levels_and_roles_decide(operation: Operation, callers: Callers) -> None:
    needs = CASES[operation.name].needs
    things: dict[str, object] | None = None
    for caller, who in callers.somebodies.items():
        if caller is Role.AUDITOR:  # has nothing of their own
            things = things or callers.acme.things(callers.acme.owner, *needs)
        elif things is None or OWN & set(needs):
            _hold(callers.acme, who, Level.USER)  # enough for a lease of their own
            things = callers.acme.things(who, *needs)
        _hold(callers.acme, who, caller)

        works = _works(operation, who.console, things)
        somebody_elses = (
            caller is Role.AUDITOR and OWN & set(needs) and not CASES[operation.name].at_home
        )
        assert works == (_may(operation.action, caller) and not somebody_elses), caller
        if works and CASES[operation.name].adds:  # it has used them up
            things = None


def _hold(acme: Acme, who: Somebody, caller: Level | Role) -> None:
    """Past the operations, which would end what was leased before."""
    if isinstance(caller, Role) or who is acme.owner:
        return
    if caller is Level.NONE:
        owner_sql("DELETE FROM credential_grant WHERE person_id = %s", who.person.pk)
        return
    statement = "UPDATE credential_grant SET level = %s WHERE person_id = %s RETURNING id"
    if not owner_sql(statement, caller.word, who.person.pk):
        grant(acme.owner, who, caller.word, folderPath=DESK)


def _works(operation: Operation, actor: Actor, things: dict[str, object]) -> bool:
    try:
        CASES[operation.name].call(actor, things)
    except (Denied, NotFound, LeaseOver):
        return False
    return True


def _may(action: Action, caller: Level | Role) -> bool:
    rule = RULES[action]
    if rule.channels == SYSTEM:
        return False
    if caller is Role.AUDITOR:
        # The case asks for vault:read, which an auditor's token cannot have.
        return rule.auditors and action is not Action.CREATE_PERSONAL_TOKEN
    if isinstance(caller, Role):
        return not rule.owners_only or caller is Role.OWNER
    return not rule.admins_only and caller >= (rule.level or Level.NONE)


@pytest.mark.parametrize(
    "operation",
    [one for one in operations().values() if RULES[one.action].channels == SYSTEM],
    ids=lambda one: str(one.name),
)
def test_machinery_does_its_own_work(operation: Operation, owner: Somebody) -> None:
    worker = system_actor("worker", owner.console.tenant_id)
    things = Acme(owner).things(owner, *CASES[operation.name].needs)

    assert CASES[operation.name].call(worker, things)


@pytest.mark.parametrize(
    "operation",
    [one for one in operations().values() if RULES[one.action].channels != SYSTEM],
    ids=lambda one: str(one.name),
)
def test_a_worker_does_nobody_elses_work(operation: Operation, full_acme: FullAcme) -> None:
    worker = system_actor("worker", full_acme.owner.console.tenant_id)
    before = everything_but_the_log()

    assert not _works(operation, worker, full_acme.needed(operation.name))
    assert everything_but_the_log() == before


@pytest.mark.parametrize("operation", operations().values(), ids=operations())
def test_a_role_that_the_door_saw_decides_nothing(
    operation: Operation, owner: Somebody, member: Somebody
) -> None:
    """The membership is read again: a forged or outdated role opens nothing."""
    acme = Acme(owner)
    things = acme.things(owner, *CASES[operation.name].needs)
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    forged = replace(member.console, role=Role.OWNER)

    assert _works(operation, forged, things) == (
        RULES[operation.action].level is None
        and not RULES[operation.action].admins_only
        and RULES[operation.action].channels != SYSTEM
        and (CASES[operation.name].at_home or not OWN & set(things))
    )
