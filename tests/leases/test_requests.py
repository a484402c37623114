"""Requests as those see them who asked, those who decide, and nobody else."""

from functools import partial

import pytest
from django.conf import settings
from django.core import mail

from access.levels import Role
from leases.operations import list_approvals, show_approval, withdraw_lease
from leases.shapes import ApprovalPageOut, ListApprovals
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tenants.tasks import send_notices
from tests.leases.asking import ask, decide
from tests.people import PURPOSE, Somebody, grant, join, lease, new_person, store
from tests.refusals import code_of, problem_of
from tests.storage import owner_sql


@pytest.fixture
def applicant(owner: Somebody, member: Somebody) -> Somebody:
    """A member who may use two credentials that ask for approval."""
    for key in ("stripe-api-key", "deploy-key"):
        store(owner, key, policy={"approval": "required", "maxTtl": "1h"})
        grant(owner, member, "user", key=key)
    return member


def requests(who: Somebody, state: str = "any") -> ApprovalPageOut:
    """What `who` is shown."""
    return list_approvals(who.console, ListApprovals.parse({"state": state}))


def states(page: ApprovalPageOut) -> list[tuple[str, str]]:
    """Keys with the state of the request for it."""
    return [(one.key, one.state) for one in page.approvals]


def test_who_asked_and_who_decides_see_a_request(owner: Somebody, applicant: Somebody) -> None:
    request = ask(applicant.agent, ttl=60)

    (seen,) = requests(owner, "waiting").approvals
    (own,) = requests(applicant, "waiting").approvals

    assert (seen.approval_id, seen.key, seen.folder_path, seen.version) == (
        request,
        "stripe-api-key",
        "stripe",
        1,
    )
    assert (seen.asker.id, seen.agent, seen.purpose, seen.ttl_seconds) == (
        applicant.id,
        "Claude Code",
        PURPOSE,
        60,
    )
    assert (seen.may_decide, seen.mine) == (True, False)
    assert (own.may_decide, own.mine) == (False, True)
    assert requests(owner).waiting_for_me == 1
    assert requests(applicant).waiting_for_me == 0


def test_a_colleague_sees_what_they_may_decide_and_nothing_else(
    owner: Somebody, applicant: Somebody
) -> None:
    colleague = join(owner, new_person("carla"))
    request = ask(applicant.agent)
    ask(applicant.agent, "deploy-key")

    assert requests(colleague).approvals == []
    assert code_of(partial(show_approval, colleague.console, request)) == (
        "access/permission-denied"
    )
    grant(owner, colleague, "admin", key="stripe-api-key")
    assert states(requests(colleague)) == [("stripe-api-key", "waiting")]
    assert requests(colleague).waiting_for_me == 1
    assert show_approval(colleague.console, request).may_decide


def test_another_tenants_request_is_unknown(
    owner: Somebody, applicant: Somebody, outsider: Somebody
) -> None:
    show = partial(show_approval, outsider.console)

    assert problem_of(partial(show, ask(applicant.agent))) == problem_of(partial(show, "lease_x"))
    assert requests(outsider).approvals == []


def test_every_way_of_a_request_has_its_word(owner: Somebody, applicant: Somebody) -> None:
    issued = ask(applicant.agent, ttl=1)
    decide(owner.console, issued, approve=True, reason="as agreed")
    lease(applicant.agent, ttl=1)
    lapsed = ask(applicant.agent, ttl=2)
    decide(owner.console, lapsed, approve=True)
    owner_sql("UPDATE lease SET decided_at = decided_at - interval '61 minutes'")
    decide(owner.console, ask(applicant.agent, ttl=3), approve=True, ttl=2)
    decide(owner.console, ask(applicant.agent, ttl=4), approve=False, reason="no")
    withdraw_lease(applicant.console, ask(applicant.agent, ttl=5))
    ask(applicant.agent, ttl=6)

    shown = requests(owner).approvals

    assert [one.state for one in shown] == [
        "waiting",
        "withdrawn",
        "denied",
        "approved",
        "lapsed",
        "issued",
    ]
    assert (shown[3].approved_ttl_seconds, shown[3].decided_by) == (2, owner.person.email)
    assert shown[2].decision_reason == "no"
    assert len(requests(owner, "waiting").approvals) == 1
    assert len(requests(owner, "decided").approvals) == 5


def test_a_request_shows_its_limits_and_those_before_it(
    owner: Somebody, applicant: Somebody
) -> None:
    before = ask(applicant.agent, ttl=60)
    decide(owner.console, before, approve=False)
    ask(applicant.agent, "deploy-key")
    request = ask(applicant.agent, ttl=90)

    shown = show_approval(owner.console, request)

    assert (shown.usual_ttl_seconds, shown.maximum_ttl_seconds) == (900, 3600)
    assert shown.tenant_maximum_ttl_seconds == 86_400
    assert [(one.approval_id, one.state) for one in shown.history] == [(before, "denied")]
    assert show_approval(owner.console, before).history == []


def test_ones_own_request_is_ones_own_to_decide_only_where_the_tenant_says_so(
    owner: Somebody,
) -> None:
    store(owner, policy={"approval": "required"})
    request = ask(owner.agent)

    assert not show_approval(owner.console, request).may_decide
    assert requests(owner).waiting_for_me == 0
    change_settings(owner.console, ChangeSettings(self_approval=True))
    assert show_approval(owner.console, request).may_decide
    assert requests(owner).waiting_for_me == 1
    assert not show_approval(owner.agent, request).may_decide


def test_deciders_are_mailed_about_a_request_and_the_asker_about_the_decision(
    owner: Somebody, applicant: Somebody, mailoutbox: list[mail.EmailMessage]
) -> None:
    join(owner, new_person("carla"))
    admin = join(owner, new_person("ada"), Role.ADMIN)
    request = ask(applicant.agent)
    ask(applicant.agent)
    send_notices()

    assert sorted(one.to[0] for one in mailoutbox) == [admin.person.email, owner.person.email]
    assert {one.subject for one in mailoutbox} == {"A request waits for a decision in Acme"}
    for one in mailoutbox:
        assert f"{settings.PUBLIC_URL}/approvals/{request}" in str(one.body)
        assert PURPOSE not in str(one.body)
    mailoutbox.clear()
    decide(owner.console, request, approve=True)
    send_notices()
    assert [(one.to[0], one.subject) for one in mailoutbox] == [
        (applicant.person.email, "Your request in Acme was approved")
    ]


def test_who_asks_on_and_on_does_not_fill_mailboxes(
    owner: Somebody,
    applicant: Somebody,
    mailoutbox: list[mail.EmailMessage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tenants.decisions.MAILS_PER_PERIOD", 2)
    for ttl in range(1, 6):
        withdraw_lease(applicant.console, ask(applicant.agent, ttl=ttl))
    send_notices()

    assert len(mailoutbox) == 2
