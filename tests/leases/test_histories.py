"""Leases, rotations and grants in any order, beside a model that is simple enough to believe."""

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from access.levels import Level
from credentials.operations import (
    archive_credential,
    change_window,
    list_credentials,
    remove_grant,
    restore_credential,
    roll_back_rotation,
    rotate_credential,
)
from credentials.shapes.credentials import DescribeCredential, ListCredentials
from credentials.shapes.rotations import ChangeWindow, RotateCredential
from credentials.tasks import close_due_rotations
from leases.operations import release_lease, renew_lease, revoke_lease
from leases.shapes import ReleaseLease, RenewLease
from leases.tasks import expire_due_leases
from tests.leases.model import OK, Kept, Lent
from tests.people import Somebody, grant, lease, read, store
from tests.refusals import code_of
from tests.storage import let_time_pass, owner_sql

FEW = 2


class Histories(RuleBasedStateMachine):
    """One tenant; the owner may do everything, the member what the grants say."""

    kept: Bundle[Kept] = Bundle("kept")
    lent: Bundle[Lent] = Bundle("lent")
    grants: Bundle[Kept] = Bundle("grants")

    number = 0

    def __init__(self, owner: Somebody, member: Somebody) -> None:
        super().__init__()
        self.owner = owner
        self.member = member
        self.all_lent: list[Lent] = []
        self.stored = 0
        self.reads = self._recorded_reads()

    def who(self, by_member: bool) -> Any:
        return self.member.agent if by_member else self.owner.agent

    def _value(self) -> str:
        Histories.number += 1
        return f"value-{Histories.number}"

    def _end(self, state: str, of: Kept, *versions: int, member_only: bool = False) -> None:
        for one in self.all_lent:
            meant = one.of is of and (not versions or one.version in versions)
            if meant and (one.by_member or not member_only):
                one.end(state)

    # -- credentials ----------------------------------------------------------------------------

    @initialize(target=kept)
    def begin(self) -> Kept:
        """Few credentials, so that much happens to each."""
        return self._store(None)

    @rule(target=kept, max_uses=st.sampled_from([None, 1, 2]))
    @precondition(lambda self: self.stored < FEW)
    def store(self, max_uses: int | None) -> Kept:
        return self._store(max_uses)

    def _store(self, max_uses: int | None) -> Kept:
        self.stored += 1
        value = self._value()
        policy = {"maxUses": max_uses}
        store(self.owner, f"key-{value}", folderPath=value, value=value, policy=policy)
        return Kept(f"key-{value}", {1: value}, max_uses)

    @rule(it=kept, window=st.sampled_from([0, 600]))
    def rotate(self, it: Kept, window: int) -> None:
        value = self._value()
        request = RotateCredential.parse({"key": it.key, "newValue": value, "window": window})
        call = partial(rotate_credential, self.owner.console, request)
        if it.archived:
            assert code_of(call) == "state/conflict"
        elif it.previous is not None:
            assert code_of(call) == "rotation/window-open"
        else:
            call()
            it.previous, it.current = it.current, max(it.values) + 1
            it.values[it.current] = value
            if not window:
                self._close(it)

    @rule(it=kept)
    def close_window(self, it: Kept) -> None:
        call = partial(change_window, self.owner.console, ChangeWindow(key=it.key, window=0))
        if it.previous is None:
            assert code_of(call) == "state/conflict"
        else:
            call()
            self._close(it)

    @rule(it=kept)
    def let_the_window_run_out(self, it: Kept) -> None:
        owner_sql(
            "UPDATE rotation SET closes_at = clock_timestamp() WHERE state = 'open' "
            "AND credential_id = (SELECT id FROM credential WHERE key = %s)",
            it.key,
        )
        if it.previous is not None:
            self._end("lease/expired", it, it.previous)
            it.previous = None

    def _close(self, it: Kept) -> None:
        assert it.previous is not None
        self._end("lease/revoked", it, it.previous)
        it.previous = None

    @rule(it=kept)
    def roll_back(self, it: Kept) -> None:
        request = DescribeCredential(key=it.key)
        call = partial(roll_back_rotation, self.owner.console, request)
        if it.previous is None:
            assert code_of(call) == "state/conflict"
        else:
            call()
            self._end("lease/revoked", it, it.previous, it.current)
            it.current = max(it.values) + 1
            it.values[it.current] = it.values[it.previous]
            it.previous = None

    @rule(it=kept)
    def archive(self, it: Kept) -> None:
        archive_credential(self.owner.console, DescribeCredential(key=it.key))
        it.archived = True
        self._end("lease/revoked", it)

    @rule(it=kept)
    def restore(self, it: Kept) -> None:
        restore_credential(self.owner.console, DescribeCredential(key=it.key))
        it.archived = False

    # -- grants ---------------------------------------------------------------------------------

    @rule(target=grants, it=kept, level=st.sampled_from([Level.VIEWER, Level.USER, Level.MANAGER]))
    def give(self, it: Kept, level: Level) -> Kept:
        had_grant = bool(it.grant_id)
        it.grant_id = grant(self.owner, self.member, level.word, key=it.key).grant_id
        if had_grant and level < it.level:
            self._end("lease/revoked", it, member_only=True)
        it.level = level
        return it

    @rule(it=consumes(grants))
    def take_away(self, it: Kept) -> None:
        call = partial(remove_grant, self.owner.console, it.grant_id)
        if not it.grant_id:
            return
        call()
        it.level, it.grant_id = Level.VIEWER, ""
        self._end("lease/revoked", it, member_only=True)

    @rule(it=kept)
    def look(self, it: Kept) -> None:
        page = list_credentials(self.member.agent, ListCredentials(folder_path=it.values[1]))
        (shown,) = page.credentials
        assert shown.access == it.level.word
        assert shown.version == it.current

    # -- leases ---------------------------------------------------------------------------------

    @rule(target=lent, it=kept, by_member=st.booleans(), previous=st.booleans())
    def lease(self, it: Kept, by_member: bool, previous: bool) -> MultipleResults[Lent]:
        version = "previous" if previous else "current"
        call = partial(lease, self.who(by_member), it.key, version=version)
        if by_member and it.level < Level.USER:
            assert code_of(call) == "access/permission-denied"
        elif it.archived or (previous and it.previous is None):
            assert code_of(call) == "state/conflict"
        else:
            out = call()
            expected = it.previous if previous else it.current
            assert out.version == expected
            one = Lent(it, by_member, out.version, out.lease_id, out.lease_handle)
            self.all_lent.append(one)
            return multiple(one)
        return multiple()

    @rule(one=lent)
    def read(self, one: Lent) -> None:
        call = partial(read, self.who(one.by_member), one.handle)
        if one.state != OK:
            assert code_of(call) == one.state
            return
        secret = call()
        one.uses += 1
        self.reads += 1
        assert secret.value.get_secret_value() == one.of.values[one.version]
        if one.of.max_uses is not None:
            assert secret.uses_left == one.of.max_uses - one.uses
            if secret.uses_left == 0:
                one.end("lease/consumed")

    @rule(one=lent)
    def read_as_somebody_else(self, one: Lent) -> None:
        call = partial(read, self.who(not one.by_member), one.handle)
        assert code_of(call) == "lease/invalid-handle"

    @rule(one=lent)
    def renew(self, one: Lent) -> None:
        request = RenewLease.parse({"leaseHandle": one.handle, "ttl": 60})
        call = partial(renew_lease, self.who(one.by_member), request)
        if one.state == OK:
            assert call().state == "active"
        else:
            assert code_of(call) == one.state

    @rule(one=lent, own=st.booleans())
    def end(self, one: Lent, own: bool) -> None:
        if own:
            release_lease(self.who(one.by_member), ReleaseLease(lease_handle=one.handle))
        else:
            revoke_lease(self.owner.console, one.lease_id)
        one.end("lease/revoked")

    @rule(one=lent)
    def let_the_lease_run_out(self, one: Lent) -> None:
        if one.state == OK:
            let_time_pass(one.lease_id, 86_400)
            one.end("lease/expired")

    @rule()
    def work(self) -> None:
        """The workers tidy up; nobody may notice."""
        expire_due_leases()
        close_due_rotations()

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def each_credential_has_one_current_version(self) -> None:
        assert not owner_sql(
            "SELECT credential_id FROM credential_version GROUP BY credential_id HAVING "
            "count(*) FILTER (WHERE state = 'current') <> 1 "
            "OR count(*) FILTER (WHERE state = 'previous') > 1"
        )

    @invariant()
    def each_disclosure_has_its_entry(self) -> None:
        assert self._recorded_reads() == self.reads

    @invariant()
    def no_lease_was_used_more_than_allowed(self) -> None:
        assert not owner_sql("SELECT id FROM lease WHERE uses > max_uses")

    @staticmethod
    def _recorded_reads() -> int:
        statement = (
            "SELECT count(*) FROM audit_entry WHERE event = 'credential.read' AND outcome = 'ok'"
        )
        return int(owner_sql(statement)[0][0])


# Making a failing history short may take minutes: that is for the long run.
QUICK = [phase for phase in Phase if phase is not Phase.shrink]


@pytest.mark.parametrize(
    ("examples", "steps", "phases"),
    [
        (30, 40, QUICK),
        pytest.param(300, 80, list(Phase), marks=[pytest.mark.full, pytest.mark.timeout(1800)]),
    ],
    ids=["short", "long"],
)
def test_every_history_is_as_the_model_says(
    owner: Somebody, member: Somebody, examples: int, steps: int, phases: list[Phase]
) -> None:
    class OfAcme(Histories):
        def __init__(self) -> None:
            super().__init__(owner, member)

    run_state_machine_as_test(
        OfAcme,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=phases,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
