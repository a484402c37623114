"""Asking for more access: somebody else decides, and an approval is a grant."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from access.actor import Actor
from access.levels import Role
from credentials.operations import (
    decide_access_request,
    list_access_requests,
    request_access,
    show_access_request,
    withdraw_access_request,
)
from credentials.shapes.access_requests import (
    AccessRequestOut,
    AccessRequestPageOut,
    DecideAccessRequest,
    ListAccessRequests,
    RequestAccess,
)
from foundation.db.clock import database_now
from tenants.operations import change_settings, remove_member
from tenants.shapes.members import RemoveMember
from tenants.shapes.tenants import ChangeSettings
from tenants.tasks import send_notices
from tests.audit_trail import new_entries, told
from tests.machines import new_account
from tests.people import IN_FORCE, Somebody, grant, join, lease, new_person, store
from tests.racing import race
from tests.refusals import code_of, problem_of, refusal
from tests.storage import owner_sql

KEY = "stripe-api-key"
HOUR = 3600


@pytest.fixture
def applicant(owner: Somebody, member: Somebody) -> Somebody:
    """A member who sees a credential and may not use it."""
    store(owner)
    return member


def ask(actor: Actor, **wish: Any) -> AccessRequestOut:
    """Ask for `user` on the credential, unless told otherwise."""
    data = {"level": "user", "reason": "the monthly report", **wish}
    if "folderPath" not in data:
        data.setdefault("key", KEY)
    return request_access(actor, RequestAccess.parse(data))


def decide(actor: Actor, request: AccessRequestOut, **word: Any) -> AccessRequestOut:
    """Approve, unless told otherwise."""
    data = {"requestId": request.request_id, "approve": True, **word}
    return decide_access_request(actor, DecideAccessRequest.parse(data))


def requests(who: Somebody, state: str = "any") -> AccessRequestPageOut:
    """What `who` is shown."""
    return list_access_requests(who.console, ListAccessRequests.parse({"state": state}))


def grants() -> list[tuple[Any, ...]]:
    """Level, whether it ends, and how many agents it is limited to."""
    return owner_sql(
        "SELECT level, expires_at IS NOT NULL, cardinality(agents) FROM credential_grant"
    )


def test_an_approval_gives_what_was_asked_for(owner: Somebody, applicant: Somebody) -> None:
    assert code_of(partial(lease, applicant.agent)) == "access/permission-denied"
    with new_entries(owner.console.tenant_id) as entries:
        asked = ask(applicant.agent, duration="8h")
        decided = decide(owner.console, asked, reason="as agreed")

    assert asked.state == "waiting"
    assert (asked.asker.id, asked.agent, asked.key) == (applicant.id, "Claude Code", KEY)
    assert (decided.state, decided.granted_level) == ("approved", "user")
    assert decided.decided_by == owner.person.email
    assert decided.grant_ends_at is not None
    left = decided.grant_ends_at - database_now()
    assert timedelta(hours=7, minutes=59) < left <= timedelta(hours=8)
    assert lease(applicant.agent).key == KEY
    assert told(entries) == [
        ("access.requested", "ok"),
        ("grant.created", "ok"),
        ("access.approved", "ok"),
    ]
    assert entries[2].details["request"] == asked.request_id
    assert entries[2].details["requester"] == str(applicant.person.pk)
    assert entries[2].details["reason"] == "as agreed"


def test_no_end_can_be_said_outright(owner: Somebody, applicant: Somebody) -> None:
    asked = ask(applicant.agent, duration=None)

    assert asked.duration_seconds is None
    assert decide(owner.console, asked, duration=None).grant_ends_at is None
    too_long = {"duration": "367d"}
    assert code_of(lambda: ask(applicant.agent, **too_long)) == "input/invalid"


def test_a_folder_can_be_asked_for(owner: Somebody, applicant: Somebody) -> None:
    decided = decide(owner.console, ask(applicant.console, folderPath="stripe"))

    assert (decided.key, decided.folder_path, decided.agent) == (None, "stripe", None)
    assert lease(applicant.agent).key == KEY


def test_less_can_be_given_than_was_asked_for(owner: Somebody, applicant: Somebody) -> None:
    asked = ask(applicant.console, level="manager")

    decided = decide(owner.console, asked, level="user", duration=60)

    assert (decided.level, decided.granted_level) == ("manager", "user")
    assert grants() == [("user", True, None)]


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ({"level": "admin"}, "level"),
        ({"duration": HOUR + 1}, "duration"),
        ({"approve": False, "level": "user"}, "level"),
        ({"reason": "no\0"}, "reason"),
    ],
)
def test_nobody_gives_more_than_was_asked_or_refuses_for_a_time(
    owner: Somebody, applicant: Somebody, word: dict[str, Any], field: str
) -> None:
    asked = ask(applicant.console, duration=HOUR)

    error = refusal(partial(decide, owner.console, asked, **word))

    assert (error.code, error.extra["field"]) == ("input/invalid", field)
    assert grants() == []


def test_a_refusal_gives_nothing_and_says_why(owner: Somebody, applicant: Somebody) -> None:
    decided = decide(owner.console, ask(applicant.console), approve=False, reason="not you")

    assert (decided.state, decided.decision_reason, decided.grant_id) == ("denied", "not you", None)
    assert grants() == []
    assert code_of(partial(lease, applicant.agent)) == "access/permission-denied"


def test_what_cannot_be_seen_cannot_be_asked_for(
    owner: Somebody, applicant: Somebody, outsider: Somebody
) -> None:
    unknown = problem_of(partial(ask, outsider.console, key="no-such-key"))

    assert problem_of(partial(ask, outsider.console)) == unknown
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    assert problem_of(partial(ask, applicant.console)) == unknown
    assert code_of(partial(ask, applicant.console, folderPath="stripe")) == "folder/not-found"


def test_a_service_account_asks_for_nothing(owner: Somebody, applicant: Somebody) -> None:
    account = new_account(owner)
    ((identifier,),) = owner_sql("SELECT id FROM service_account")
    robot = Actor(
        tenant_id=owner.console.tenant_id,
        channel=applicant.agent.channel,
        service_account_id=identifier,
        scopes=applicant.agent.scopes,
        authentication=IN_FORCE,
    )

    assert account
    assert code_of(partial(ask, robot)) == "access/permission-denied"


def test_asking_again_is_the_same_request(owner: Somebody, applicant: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        first = ask(applicant.agent)
        again = ask(applicant.agent, reason="said in other words")

    assert again.request_id == first.request_id
    assert told(entries) == [("access.requested", "ok")]
    assert code_of(partial(ask, applicant.agent, level="manager")) == "state/conflict"
    decide(owner.console, first, approve=False)
    assert ask(applicant.agent).request_id != first.request_id


def test_asking_twice_at_once_is_one_request(owner: Somebody, applicant: Somebody) -> None:
    outcomes = race(*[partial(ask, applicant.agent)] * 4)

    assert len({one.request_id for one in outcomes if isinstance(one, AccessRequestOut)}) == 1
    assert owner_sql("SELECT count(*) FROM access_request") == [(1,)]


def test_two_deciders_at_once_make_one_decision(owner: Somebody, applicant: Somebody) -> None:
    admin = join(owner, new_person("ada"), Role.ADMIN)
    asked = ask(applicant.agent)

    outcomes = race(
        partial(decide, owner.console, asked), partial(decide, admin.console, asked, approve=False)
    )

    assert sum(isinstance(one, Exception) for one in outcomes) == 1


def test_nobody_decides_on_their_own_request_unless_the_tenant_says_so(
    owner: Somebody, applicant: Somebody
) -> None:
    admin = join(owner, new_person("ada"))
    grant(owner, admin, "admin", key=KEY)
    asked = ask(admin.console, level="admin")

    assert not asked.may_decide
    assert code_of(partial(decide, admin.console, asked)) == "access/permission-denied"
    change_settings(owner.console, ChangeSettings(self_approval=True))
    assert decide(admin.console, asked).state == "approved"


def test_only_an_admin_of_the_thing_decides(owner: Somebody, applicant: Somebody) -> None:
    colleague = join(owner, new_person("carla"))
    asked = ask(applicant.console)
    word = partial(decide, colleague.console, asked)

    for level in ("viewer", "manager"):
        grant(owner, colleague, level, key=KEY)
        assert code_of(word) == "access/permission-denied"
    assert code_of(partial(decide, owner.agent, asked)) == "access/permission-denied"
    grant(owner, colleague, "admin", key=KEY)
    assert word().state == "approved"


def test_nobody_gives_what_outlasts_their_own(owner: Somebody, applicant: Somebody) -> None:
    colleague = join(owner, new_person("carla"))
    until = database_now() + timedelta(hours=1)
    grant(owner, colleague, "admin", key=KEY, expiresAt=until.isoformat())
    asked = ask(applicant.console)

    assert code_of(partial(decide, colleague.console, asked)) == "access/permission-denied"
    assert decide(colleague.console, asked, duration=60).state == "approved"


def test_a_decision_is_made_with_a_fresh_sign_in(owner: Somebody, applicant: Somebody) -> None:
    stale = replace(owner.console, recently_authenticated=False)

    assert code_of(partial(decide, stale, ask(applicant.console))) == "access/step-up-required"


def test_an_approval_never_takes_away_what_was_there(owner: Somebody, applicant: Somebody) -> None:
    grant(owner, applicant, "manager", key=KEY)
    living = lease(applicant.agent)

    decide(owner.console, ask(applicant.console, level="user", duration=60))

    assert grants() == [("manager", False, None)]
    assert owner_sql("SELECT state FROM lease") == [("active",)]
    assert living.key == KEY


def test_a_higher_level_for_a_time_does_not_replace_a_lasting_one(
    owner: Somebody, applicant: Somebody
) -> None:
    grant(owner, applicant, "user", key=KEY)
    asked = ask(applicant.console, level="manager", duration=60)

    error = refusal(partial(decide, owner.console, asked))

    assert error.code == "state/conflict"
    assert grants() == [("user", False, None)]
    decide(owner.console, asked, approve=False)
    decide(owner.console, ask(applicant.console, level="manager"))
    assert grants() == [("manager", False, None)]


def test_a_grant_that_was_limited_to_agents_counts_for_the_one_that_asked(
    owner: Somebody, applicant: Somebody
) -> None:
    ((other,),) = owner_sql("SELECT id FROM agent WHERE person_id = %s", owner.person.pk)
    grant(owner, applicant, "user", key=KEY, agents=[f"agent_{other.hex}"])
    assert code_of(partial(lease, applicant.agent)) == "access/permission-denied"

    decide(owner.console, ask(applicant.agent))

    assert grants() == [("user", False, 2)]
    assert lease(applicant.agent).key == KEY


def test_who_asked_takes_the_request_back(owner: Somebody, applicant: Somebody) -> None:
    asked = ask(applicant.agent)
    take_back = partial(withdraw_access_request, request_id=asked.request_id)

    assert code_of(partial(take_back, owner.console)) == "resource/not-found"
    with new_entries(owner.console.tenant_id) as entries:
        assert take_back(applicant.console).state == "withdrawn"
        assert take_back(applicant.console).state == "withdrawn"
    assert told(entries) == [("access.withdrawn", "ok")]
    assert code_of(partial(decide, owner.console, asked)) == "state/conflict"


def test_a_request_is_seen_by_who_asked_and_who_decides(
    owner: Somebody, applicant: Somebody, outsider: Somebody
) -> None:
    asked = ask(applicant.agent)
    colleague = join(owner, new_person("carla"))
    show = partial(show_access_request, request_id=asked.request_id)

    assert [one.may_decide for one in requests(owner).requests] == [True]
    assert requests(owner).waiting_for_me == 1
    assert [one.mine for one in requests(applicant, "waiting").requests] == [True]
    assert requests(applicant).waiting_for_me == 0
    assert requests(colleague).requests == []
    assert code_of(partial(show, colleague.console)) == "access/permission-denied"
    assert problem_of(partial(show, outsider.console)) == problem_of(
        partial(show_access_request, outsider.console, "req_x")
    )
    grant(owner, colleague, "admin", folderPath="stripe")
    assert [one.request_id for one in requests(colleague).requests] == [asked.request_id]
    assert show(applicant.console).held_level == "viewer"
    decide(owner.console, asked)
    assert requests(owner, "waiting").requests == []
    assert [one.state for one in requests(owner, "decided").requests] == ["approved"]


def test_a_request_for_a_folder_is_for_its_admins(owner: Somebody, applicant: Somebody) -> None:
    colleague = join(owner, new_person("carla"))
    ask(applicant.console, folderPath="stripe")

    grant(owner, colleague, "admin", key=KEY)
    assert requests(colleague).requests == []
    grant(owner, colleague, "admin", folderPath="stripe")
    assert requests(colleague).waiting_for_me == 1


def test_a_request_shows_what_its_asker_holds_and_asked_before(
    owner: Somebody, applicant: Somebody
) -> None:
    before = ask(applicant.console)
    decide(owner.console, before)
    ask(applicant.console, folderPath="stripe")
    asked = ask(applicant.console, level="manager")

    shown = show_access_request(owner.console, asked.request_id)

    assert (shown.held_level, shown.may_decide) == ("user", True)
    assert [one.request_id for one in shown.history] == [before.request_id]


def test_who_left_gets_nothing_any_more(owner: Somebody, applicant: Somebody) -> None:
    asked = ask(applicant.console)
    remove_member(owner.console, RemoveMember(person_id=applicant.id))
    assert owner_sql("SELECT state FROM access_request") == [("withdrawn",)]
    join(owner, applicant.person)

    assert code_of(partial(decide, owner.console, asked)) == "state/conflict"
    assert grants() == []


def test_requests_do_not_bury_the_people_who_decide(
    owner: Somebody, applicant: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credentials.operations.access_requests.MOST_WAITING", 1)
    first = ask(applicant.console)

    assert code_of(partial(ask, applicant.console, folderPath="stripe")) == "quota/exceeded"
    assert ask(applicant.console).request_id == first.request_id


def test_deciders_are_mailed_about_a_request_and_the_asker_about_the_decision(
    owner: Somebody, applicant: Somebody, mailoutbox: list[mail.EmailMessage]
) -> None:
    asked = ask(applicant.agent, reason="click here: http://evil.example")
    ask(applicant.agent)
    send_notices()

    (told_owner,) = mailoutbox
    assert told_owner.to == [owner.person.email]
    assert f"{settings.PUBLIC_URL}/approvals/{asked.request_id}" in str(told_owner.body)
    assert "the level user on stripe-api-key" in str(told_owner.body)
    assert "evil" not in str(told_owner.body)
    mailoutbox.clear()
    decide(owner.console, asked, approve=False)
    send_notices()
    (told_asker,) = mailoutbox
    assert told_asker.to == [applicant.person.email]
    assert told_asker.subject == "Your request in Acme was denied"
