"""Approvals: the identical call is the way to ask, somebody else decides, once."""

from functools import partial
from typing import Any

import pytest
from django.conf import settings

from access.levels import Role
from credentials.operations import archive_credential
from credentials.shapes.credentials import DescribeCredential
from foundation.errors import ApprovalPending
from leases.operations import renew_lease, revoke_lease, withdraw_lease
from leases.shapes import RenewLease
from tenants.operations import change_settings, remove_member
from tenants.shapes.members import RemoveMember
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import new_entries, told, trail
from tests.leases.asking import ask, decide
from tests.people import CANARY, PURPOSE, Somebody, grant, join, lease, new_person, read, store
from tests.racing import race
from tests.refusals import code_of, problem_of, refusal
from tests.storage import owner_sql


@pytest.fixture
def applicant(owner: Somebody, member: Somebody) -> Somebody:
    """A member who may use a credential that asks for approval."""
    store(owner, policy={"approval": "required"})
    grant(owner, member, "user", key="stripe-api-key")
    return member


def test_the_identical_call_gets_the_handle_after_an_approval(
    owner: Somebody, applicant: Somebody
) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        request = ask(applicant.agent, ttl=60)
        assert ask(applicant.agent, ttl=60) == request
        decided = decide(owner.console, request, approve=True, reason="as agreed")
        lent = lease(applicant.agent, ttl=60)

    assert decided.lease_id == request
    assert lent.lease_id == request
    assert lent.ttl_seconds == 60
    assert read(applicant.agent, lent.lease_handle).value.get_secret_value() == CANARY
    assert told(entries) == [
        ("access.requested", "ok"),
        ("access.approved", "ok"),
        ("lease.created", "ok"),
    ]
    asked, approved, _ = entries
    assert (asked.person_id, asked.purpose) == (applicant.person.pk, PURPOSE)
    assert approved.person_id == owner.person.pk
    assert approved.details["reason"] == "as agreed"
    assert approved.details["requester"] == str(applicant.person.pk)


def test_an_approval_is_for_one_lease(owner: Somebody, applicant: Somebody) -> None:
    decide(owner.console, ask(applicant.agent), approve=True)
    first = lease(applicant.agent)

    assert ask(applicant.agent) != first.lease_id


@pytest.mark.parametrize("changed", [{"ttl": 61}, {"purpose": "something else"}])
def test_an_approval_is_not_for_another_request(
    owner: Somebody, applicant: Somebody, changed: dict[str, Any]
) -> None:
    request = ask(applicant.agent, ttl=60)
    decide(owner.console, request, approve=True)

    assert ask(applicant.agent, **{"ttl": 60, **changed}) != request


def test_an_approval_is_not_for_another_person_or_client(
    owner: Somebody, applicant: Somebody
) -> None:
    request = ask(applicant.agent)
    decide(owner.console, request, approve=True)

    assert ask(owner.agent) != request
    assert ask(applicant.console) != request
    assert lease(applicant.agent).lease_id == request


def test_a_waiting_request_is_no_lease(owner: Somebody, applicant: Somebody) -> None:
    ask(applicant.agent)

    assert owner_sql("SELECT state, issued_at, expires_at FROM lease") == [
        ("pending_approval", None, None)
    ]
    assert trail(owner.console.tenant_id, event="lease.created") == []


def test_a_refusal_is_remembered_for_the_identical_call(
    owner: Somebody, applicant: Somebody
) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        decide(owner.console, ask(applicant.agent), approve=False, reason="not today")

        error = refusal(lambda: lease(applicant.agent))

    assert error.code == "access/permission-denied"
    assert "not today" in error.detail
    assert told(entries) == [
        ("access.requested", "ok"),
        ("access.denied", "ok"),
        ("lease.denied", "denied"),
    ]
    ask(applicant.agent, purpose="something else")
    owner_sql("UPDATE lease SET decided_at = decided_at - interval '1 hour' WHERE state = 'denied'")
    ask(applicant.agent)


def test_nobody_decides_on_their_own_request_unless_the_tenant_says_so(owner: Somebody) -> None:
    store(owner, policy={"approval": "required"})
    request = ask(owner.agent)

    assert code_of(partial(decide, owner.console, request, approve=True)) == (
        "access/permission-denied"
    )
    change_settings(owner.console, ChangeSettings(self_approval=True))
    decide(owner.console, request, approve=True)
    assert lease(owner.agent).lease_id == request


def test_only_an_admin_of_the_credential_decides(owner: Somebody, applicant: Somebody) -> None:
    colleague = join(owner, new_person("carla"))
    request = ask(applicant.agent)
    word = partial(decide, colleague.console, request, approve=True)

    assert code_of(word) == "access/permission-denied"
    grant(owner, colleague, "manager", key="stripe-api-key")
    assert code_of(word) == "access/permission-denied"
    grant(owner, colleague, "admin", key="stripe-api-key")
    assert word().lease_id == request


def test_an_admin_of_the_tenant_decides(owner: Somebody, applicant: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    request = ask(applicant.agent)

    assert decide(admin.console, request, approve=True).lease_id == request


def test_agents_decide_nothing(owner: Somebody, applicant: Somebody) -> None:
    request = ask(applicant.agent)

    assert code_of(partial(decide, owner.agent, request, approve=True)) == (
        "access/permission-denied"
    )


def test_a_request_is_decided_once(owner: Somebody, applicant: Somebody) -> None:
    request = ask(applicant.agent)
    decide(owner.console, request, approve=True)

    for approve in (True, False):
        assert code_of(partial(decide, owner.console, request, approve=approve)) == (
            "state/conflict"
        )


def test_a_request_of_another_tenant_is_unknown(
    owner: Somebody, applicant: Somebody, outsider: Somebody
) -> None:
    request = ask(applicant.agent)
    word = partial(decide, outsider.console, approve=True)

    assert problem_of(partial(word, request)) == problem_of(partial(word, "lease_" + "0" * 32))


@pytest.mark.parametrize("reason", ["x" * 501, "no\0", "\u202eyes"])
def test_a_malformed_reason_is_refused(owner: Somebody, applicant: Somebody, reason: str) -> None:
    request = ask(applicant.agent)

    error = refusal(partial(decide, owner.console, request, approve=False, reason=reason))

    assert (error.code, error.extra["field"]) == ("input/invalid", "reason")


def test_an_approval_that_nobody_used_goes_stale(owner: Somebody, applicant: Somebody) -> None:
    request = ask(applicant.agent)
    decide(owner.console, request, approve=True)
    owner_sql("UPDATE lease SET decided_at = decided_at - interval '61 minutes'")

    assert ask(applicant.agent) != request


def test_what_ends_access_withdraws_requests_too(owner: Somebody, applicant: Somebody) -> None:
    colleague = join(owner, new_person("carla"))
    grant(owner, colleague, "user", key="stripe-api-key")
    gone = ask(colleague.agent)
    decide(owner.console, gone, approve=True)
    remove_member(owner.console, RemoveMember(person_id=colleague.id))
    request = ask(applicant.agent)
    decide(owner.console, request, approve=True)
    archive_credential(owner.console, DescribeCredential(key="stripe-api-key"))

    assert owner_sql("SELECT DISTINCT state FROM lease") == [("withdrawn",)]
    for one in (gone, request):
        assert code_of(partial(decide, owner.console, one, approve=True)) == "state/conflict"


def test_a_request_can_be_withdrawn_by_revoking_it(owner: Somebody, applicant: Somebody) -> None:
    request = ask(applicant.agent)

    assert revoke_lease(applicant.console, request).state == "withdrawn"
    assert code_of(partial(decide, owner.console, request, approve=True)) == "state/conflict"


def test_who_asked_takes_the_request_back(owner: Somebody, applicant: Somebody) -> None:
    request = ask(applicant.agent)

    with new_entries(owner.console.tenant_id) as entries:
        assert withdraw_lease(applicant.console, request).state == "withdrawn"
        assert withdraw_lease(applicant.console, request).state == "withdrawn"

    assert told(entries) == [("access.withdrawn", "ok")]
    assert code_of(partial(decide, owner.console, request, approve=True)) == "state/conflict"
    assert ask(applicant.agent) != request


def test_only_who_asked_withdraws_and_only_before_the_lease(
    owner: Somebody, applicant: Somebody
) -> None:
    request = ask(applicant.agent)

    assert code_of(partial(withdraw_lease, owner.console, request)) == "resource/not-found"
    decide(owner.console, request, approve=True)
    lease(applicant.agent)
    assert code_of(partial(withdraw_lease, applicant.console, request)) == "state/conflict"


def test_what_is_approved_for_less_ends_then_whatever_is_renewed(
    owner: Somebody, applicant: Somebody
) -> None:
    request = ask(applicant.agent, ttl=600)
    decide(owner.console, request, approve=True, ttl="1m")

    lent = lease(applicant.agent, ttl=600)
    renewed = renew_lease(applicant.agent, RenewLease(lease_handle=lent.lease_handle, ttl=600))

    assert (lent.lease_id, lent.ttl_seconds, lent.capped) == (request, 60, True)
    assert renewed.expires_at == lent.expires_at
    (created,) = trail(owner.console.tenant_id, event="lease.created")
    assert (created.details["ttl"], created.details["capped"]) == (60, True)


def test_renewing_leads_no_further_than_what_was_approved(
    owner: Somebody, applicant: Somebody
) -> None:
    decide(owner.console, ask(applicant.agent, ttl=60), approve=True)

    lent = lease(applicant.agent, ttl=60)
    renewed = renew_lease(applicant.agent, RenewLease(lease_handle=lent.lease_handle, ttl=3600))

    assert (lent.ttl_seconds, lent.capped) == (60, False)
    assert renewed.expires_at == lent.expires_at


def test_nobody_approves_more_than_was_asked_or_refuses_for_a_time(
    owner: Somebody, applicant: Somebody
) -> None:
    request = ask(applicant.agent, ttl=60)

    for approve, ttl in [(True, 61), (False, 30)]:
        error = refusal(partial(decide, owner.console, request, approve=approve, ttl=ttl))
        assert (error.code, error.extra["field"]) == ("input/invalid", "ttl")


def test_who_has_to_wait_is_told_where_a_person_decides(applicant: Somebody) -> None:
    error = refusal(partial(lease, applicant.agent))

    address = f"{settings.PUBLIC_URL}/approvals/{error.extra['approvalId']}"
    assert error.extra["approvalUrl"] == address
    assert address in error.hint


def test_an_agent_cannot_bury_the_people_who_decide(
    owner: Somebody, applicant: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leases.approvals.MOST_WAITING", 2)
    first = ask(applicant.agent, ttl=1)
    ask(applicant.agent, ttl=2)

    assert code_of(partial(lease, applicant.agent, ttl=3)) == "quota/exceeded"
    assert ask(applicant.agent, ttl=1) == first
    ask(applicant.console)
    decide(owner.console, first, approve=False)
    ask(applicant.agent, ttl=3)


def test_the_rights_count_when_the_handle_is_handed_out(
    owner: Somebody, applicant: Somebody
) -> None:
    decide(owner.console, ask(applicant.agent), approve=True)
    owner_sql("UPDATE credential_grant SET level = 'viewer'")

    assert code_of(lambda: lease(applicant.agent)) == "access/permission-denied"


def test_the_identical_call_twice_at_once_is_one_request(
    owner: Somebody, applicant: Somebody
) -> None:
    outcomes = race(*[partial(lease, applicant.agent)] * 6)

    assert [type(one) for one in outcomes] == [ApprovalPending] * 6
    assert (
        len({one.extra["approvalId"] for one in outcomes if isinstance(one, ApprovalPending)}) == 1
    )
    assert owner_sql("SELECT count(*) FROM lease") == [(1,)]
    assert len(trail(owner.console.tenant_id, event="access.requested")) == 1


def test_two_deciders_at_once_make_one_decision(owner: Somebody, applicant: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    request = ask(applicant.agent)

    outcomes = race(
        partial(decide, owner.console, request, approve=True),
        partial(decide, admin.console, request, approve=False),
    )

    assert sum(isinstance(one, Exception) for one in outcomes) == 1
    decided = trail(owner.console.tenant_id, event__in=["access.approved", "access.denied"])
    assert sorted(entry.outcome for entry in decided) == ["failed", "ok"]


def test_one_approval_called_for_twice_at_once_is_one_lease(
    owner: Somebody, applicant: Somebody
) -> None:
    request = ask(applicant.agent)
    decide(owner.console, request, approve=True)

    outcomes = race(*[partial(lease, applicant.agent)] * 4)

    issued = [one for one in outcomes if not isinstance(one, Exception)]
    assert [one.lease_id for one in issued] == [request]
