"""Agents ask for a credential that does not exist; people store it, or say no."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from access.actor import Actor
from credentials.models import CredentialRequest
from credentials.operations import (
    create_folder,
    decline_credential_request,
    list_credential_requests,
    request_credential,
    show_credential_request,
    store_requested_credential,
    withdraw_credential_request,
)
from credentials.shapes.credential_requests import (
    CredentialRequestOut,
    CredentialRequestPageOut,
    DeclineCredentialRequest,
    ListCredentialRequests,
    RequestCredential,
    RequestedCredentialOut,
    StoreRequestedCredential,
)
from credentials.shapes.credentials import CredentialOut
from credentials.shapes.folders import NameFolder
from tenants.operations import remove_member
from tenants.shapes.members import RemoveMember
from tenants.tasks import send_notices
from tests.audit_trail import new_entries, told
from tests.people import (
    CANARY,
    PURPOSE,
    Somebody,
    grant,
    join,
    lease,
    new_agent,
    new_person,
    read,
    store,
)
from tests.racing import race
from tests.refusals import code_of, problem_of, refusal
from tests.storage import owner_sql

KEY = "stripe-api-key"
PENDING = "access/approval-pending"


@pytest.fixture(autouse=True)
def folders(owner: Somebody) -> None:
    """Folders on which grants can be given."""
    for path in ("stripe", "databases"):
        create_folder(owner.console, NameFolder(folder_path=path))


def ask(actor: Actor, **wish: Any) -> RequestedCredentialOut:
    """Ask for an API key in the folder `stripe`, unless told otherwise."""
    data = {"key": KEY, "type": "api-key", "purpose": PURPOSE, "folderPath": "stripe", **wish}
    return request_credential(actor, RequestCredential.parse(data))


def waiting(actor: Actor, **wish: Any) -> str:
    """The id of the request that waits after asking."""
    error = refusal(partial(ask, actor, **wish))
    assert error.code == PENDING
    return str(error.extra["approvalId"])


def fulfil(actor: Actor, request_id: str, **more: Any) -> CredentialOut:
    """Store what was asked for."""
    data = {
        "requestId": request_id,
        "key": KEY,
        "type": "api-key",
        "value": CANARY,
        "folderPath": "stripe",
        **more,
    }
    return store_requested_credential(actor, StoreRequestedCredential.parse(data))


def say_no(actor: Actor, request_id: str, reason: str = "") -> CredentialRequestOut:
    """Refuse a request."""
    given = DeclineCredentialRequest.parse({"requestId": request_id, "reason": reason})
    return decline_credential_request(actor, given)


def requests(who: Somebody, state: str = "any") -> CredentialRequestPageOut:
    """What `who` is shown."""
    return list_credential_requests(who.console, ListCredentialRequests.parse({"state": state}))


def test_the_identical_call_succeeds_once_a_person_stored_it(
    owner: Somebody, member: Somebody
) -> None:
    grant(owner, member, "user", folderPath="stripe")
    with new_entries(owner.console.tenant_id) as entries:
        pending = refusal(partial(ask, member.agent, destination="api.stripe.com"))
        stored = fulfil(owner.console, str(pending.extra["approvalId"]))
        answer = ask(member.agent, destination="api.stripe.com")

    assert pending.code == PENDING
    page = pending.extra["approvalUrl"]
    assert page == f"{settings.PUBLIC_URL}/approvals/{pending.extra['approvalId']}"
    assert page in pending.hint
    assert (answer.id, answer.key, answer.access) == (stored.id, KEY, "user")
    assert "vault.lease_credential" in answer.next_step
    assert read(member.agent, lease(member.agent).lease_handle).value.get_secret_value() == CANARY
    assert told(entries)[:3] == [
        ("access.requested", "ok"),
        ("credential.created", "ok"),
        ("access.approved", "ok"),
    ]
    assert entries[0].details["destination"] == "api.stripe.com"
    assert entries[0].purpose == entries[2].purpose == PURPOSE
    assert CANARY not in str([entry.details for entry in entries])


def test_what_exists_is_answered_at_once_and_not_requested(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)

    assert ask(owner.agent).next_step.endswith("vault.lease_credential.")
    assert "vault.request_access" in ask(member.agent).next_step
    assert requests(owner).requests == []


def test_asking_again_is_the_same_request(owner: Somebody, member: Somebody) -> None:
    with new_entries(owner.console.tenant_id) as entries:
        first = waiting(member.agent)
        again = waiting(member.agent, purpose="said in other words")

    assert again == first
    assert told(entries) == [("access.requested", "ok")]
    for other in ({"type": "generic-secret"}, {"folderPath": ""}, {"destination": "a.example.org"}):
        assert code_of(partial(ask, member.agent, **other)) == "state/conflict"


def test_asking_twice_at_once_is_one_request(owner: Somebody, member: Somebody) -> None:
    race(*[partial(waiting, member.agent)] * 4)

    assert owner_sql("SELECT count(*) FROM credential_request") == [(1,)]


def test_a_person_says_no_and_the_agent_reads_why(owner: Somebody, member: Somebody) -> None:
    asked = waiting(member.agent)

    declined = say_no(owner.console, asked, "use the test account")

    assert (declined.state, declined.decided_by) == ("denied", owner.person.email)
    refused = refusal(partial(ask, member.agent))
    assert refused.code == "access/permission-denied"
    assert "use the test account" in refused.detail
    assert code_of(partial(fulfil, owner.console, asked)) == "state/conflict"
    owner_sql("UPDATE credential_request SET decided_at = decided_at - interval '16 minutes'")
    assert waiting(member.agent) != asked


def test_only_who_may_store_there_sees_and_decides(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    asked = waiting(member.agent)
    colleague = join(owner, new_person("carla"))
    grant(owner, colleague, "user", folderPath="stripe")
    grant(owner, colleague, "manager", folderPath="databases")
    unknown = problem_of(partial(show_credential_request, outsider.console, "creq_x"))
    calls: list[Callable[[Actor], object]] = [
        partial(show_credential_request, request_id=asked),
        partial(fulfil, request_id=asked),
        partial(say_no, request_id=asked),
        partial(withdraw_credential_request, request_id=asked),
    ]

    for call in calls:
        for stranger in (colleague, outsider):
            assert problem_of(partial(call, stranger.console)) == unknown
    assert requests(colleague).requests == []
    assert (requests(owner).waiting_for_me, requests(member).waiting_for_me) == (1, 0)
    for call in calls[1:3]:  # one's own is seen, and still not decided without the level
        assert code_of(partial(call, member.console)) == "access/permission-denied"
        assert code_of(partial(call, owner.agent)) == "access/permission-denied"
    grant(owner, colleague, "manager", folderPath="stripe")
    assert [one.may_decide for one in requests(colleague).requests] == [True]
    assert fulfil(colleague.console, asked).key == KEY


def test_it_is_stored_only_where_one_may_store(owner: Somebody, member: Somebody) -> None:
    colleague = join(owner, new_person("carla"))
    grant(owner, colleague, "manager", folderPath="stripe")
    asked = waiting(member.agent)
    elsewhere = partial(fulfil, colleague.console, asked, folderPath="databases")

    assert code_of(elsewhere) == "access/permission-denied"
    assert refusal(partial(fulfil, colleague.console, asked, key="other")).extra["field"] == "key"
    assert code_of(partial(fulfil, colleague.console, asked, value="")) == "input/invalid"
    assert requests(colleague).waiting_for_me == 1


def test_people_store_what_their_own_agent_asked_for(owner: Somebody) -> None:
    asked = waiting(owner.agent)

    assert requests(owner).waiting_for_me == 1
    assert fulfil(owner.console, asked).key == KEY
    assert ask(owner.agent).access == "admin"


def test_a_key_that_one_may_not_see_is_like_one_that_does_not_exist(
    owner: Somebody, member: Somebody
) -> None:
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    unseen = refusal(partial(ask, member.agent))
    store(owner, "other")
    seen = refusal(partial(ask, member.agent, key="other"))

    assert (unseen.code, unseen.detail) == (seen.code, seen.detail)
    assert (
        code_of(partial(fulfil, owner.console, str(seen.extra["approvalId"]), key="other"))
        == "state/conflict"
    )


def test_what_is_stored_out_of_sight_is_not_asked_for_again(
    owner: Somebody, member: Somebody
) -> None:
    owner_sql("UPDATE tenant SET baseline_level = 'none'")
    asked = waiting(member.agent)
    fulfil(owner.console, asked, folderPath="hidden")

    assert code_of(partial(ask, member.agent)) == "access/permission-denied"


def test_a_credential_that_was_stored_otherwise_fulfils_the_request(
    owner: Somebody, member: Somebody
) -> None:
    asked = waiting(member.agent)
    store(owner)
    with new_entries(owner.console.tenant_id) as entries:
        for _ in range(2):
            assert ask(member.agent).key == KEY

    assert told(entries) == [("access.approved", "ok")]
    assert show_credential_request(member.console, asked).state == "stored"


def test_a_request_lapses(owner: Somebody, member: Somebody) -> None:
    asked = waiting(member.agent)
    owner_sql("UPDATE credential_request SET expires_at = now()")

    assert requests(owner).waiting_for_me == 0
    assert [one.state for one in requests(owner, "decided").requests] == ["lapsed"]
    assert code_of(partial(fulfil, owner.console, asked)) == "state/conflict"
    assert waiting(member.agent) != asked


def test_an_agent_has_few_requests_waiting(
    owner: Somebody, member: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credentials.operations.credential_requests.MOST_WAITING", 1)
    first = waiting(member.agent)

    assert code_of(partial(ask, member.agent, key="another")) == "quota/exceeded"
    assert waiting(member.agent) == first
    waiting(new_agent(member.console, "Another agent"), key="another")


def test_who_asked_withdraws_it(owner: Somebody, member: Somebody) -> None:
    asked = waiting(member.agent)
    with new_entries(owner.console.tenant_id) as entries:
        for _ in range(2):
            assert withdraw_credential_request(member.agent, asked).state == "withdrawn"

    assert told(entries) == [("access.withdrawn", "ok")]
    assert code_of(partial(fulfil, owner.console, asked)) == "state/conflict"
    assert code_of(partial(withdraw_credential_request, owner.console, asked)) == (
        "access/permission-denied"
    )


def test_who_left_asks_for_nothing_any_more(owner: Somebody, member: Somebody) -> None:
    waiting(member.agent)

    remove_member(owner.console, RemoveMember(person_id=member.id))

    assert owner_sql("SELECT state FROM credential_request") == [("withdrawn",)]


def test_a_token_limited_to_some_credentials_asks_for_no_other(member: Somebody) -> None:
    limited = replace(member.agent, allowed_credentials=frozenset())

    assert code_of(partial(ask, limited)) == "access/permission-denied"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"destination": "https://api.stripe.com/"}, "destination"),
        ({"destination": "two words"}, "destination"),
        ({"purpose": "  x"}, "purpose"),
        ({"key": "a b"}, "key"),
        ({"folderPath": "../up"}, "folderPath"),
        ({"type": "password"}, "type"),
    ],
)
def test_a_request_names_the_rule_that_it_breaks(
    member: Somebody, wish: dict[str, str], field: str
) -> None:
    error = refusal(partial(ask, member.agent, **wish))

    assert (error.code, error.extra["field"]) == ("input/invalid", field)


def test_those_who_may_decide_are_mailed_and_so_is_the_requester(
    owner: Somebody, member: Somebody, mailoutbox: list[mail.EmailMessage]
) -> None:
    asked = waiting(member.agent, purpose="click here: http://evil.example")
    send_notices()
    (to_owner,) = mailoutbox
    assert to_owner.to == [owner.person.email]
    assert f"{settings.PUBLIC_URL}/approvals/{asked}" in str(to_owner.body)
    assert "evil" not in str(to_owner.body)
    mailoutbox.clear()
    fulfil(owner.console, asked)
    send_notices()
    (to_member,) = mailoutbox
    assert to_member.to == [member.person.email]
    mailoutbox.clear()
    fulfil(owner.console, waiting(owner.agent, key="another"), key="another")
    send_notices()
    assert mailoutbox == []


def test_the_row_has_no_value(owner: Somebody, member: Somebody) -> None:
    columns = {field.name for field in CredentialRequest._meta.get_fields()}
    fulfil(owner.console, waiting(member.agent))

    assert not any("value" in name or "secret" in name for name in columns)
    assert CANARY not in str(owner_sql("SELECT to_jsonb(r) FROM credential_request r"))
