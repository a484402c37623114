"""Ending access ends the tokens that depend on it, at once and for good."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from access.actor import Actor
from access.tenancy import tenant_transaction
from devtools.client.browser import form_with
from foundation.db.ids import public_id
from identity.models import Client, Consent
from identity.operations import change_client_state
from identity.shapes import ChangeClient
from leases.models import Lease, LeaseState
from tenants.models import Agent, Membership, Person, Tenant
from tenants.operations import remove_member
from tenants.shapes.members import RemoveMember
from tests.identity.conftest import Browsing, connected, registered
from tests.identity.looking import holds, log, who_is
from tests.oauth_client import OAuthClient, Tokens, answered, consent_form, decide, origin
from tests.people import PASSWORD, Somebody, grant, join, lease, set_agent, store


@pytest.fixture
def theirs(client: OAuthClient, member: Somebody, browse: Browsing) -> Tokens:
    """The tokens of a member's agent."""
    return connected(client, browse(member))


def is_over(client: OAuthClient, tokens: Tokens) -> bool:
    """Whether both tokens are invalid."""
    return not holds(tokens.access) and client.refresh(tokens.refresh or "").status_code == 400


def test_removing_a_member_ends_their_tokens_and_joining_again_revives_none(
    client: OAuthClient, theirs: Tokens, owner: Somebody, member: Somebody
) -> None:
    assert holds(theirs.access)
    remove_member(owner.console, RemoveMember(person_id=member.id))
    assert is_over(client, theirs)
    join(owner, member.person)
    assert is_over(client, theirs)


@pytest.mark.parametrize("door", ["membership", "person", "tenant", "client"])
def test_a_suspension_is_felt_at_once(
    client: OAuthClient, theirs: Tokens, owner: Somebody, member: Somebody, door: str
) -> None:
    if door == "membership":
        Membership.objects.filter(person=member.person).update(suspended_at=timezone.now())
    elif door == "person":
        Person.objects.filter(pk=member.person.pk).update(is_active=False)
    elif door == "tenant":
        Tenant.objects.filter(pk=owner.console.tenant_id).update(suspended_at=timezone.now())
    else:
        Client.objects.update(state="suspended")
    assert not holds(theirs.access)
    assert client.refresh(theirs.refresh or "").status_code in (400, 401)


def test_a_suspended_agent_gets_no_new_tokens(
    client: OAuthClient, theirs: Tokens, owner: Somebody
) -> None:
    agent = who_is(theirs.access).agent_id
    assert agent
    set_agent(owner, agent, "suspended")
    assert client.refresh(theirs.refresh or "").json()["error"] == "invalid_grant"
    set_agent(owner, agent, "active")
    assert client.refresh(theirs.refresh or "").status_code == 200


def test_a_client_that_the_tenant_suspended_gets_no_new_tokens_and_no_new_consent(
    client: OAuthClient, theirs: Tokens, owner: Somebody, member: Somebody, browse: Browsing
) -> None:
    actor = who_is(theirs.access)
    assert actor.client_id
    wish = {"clientId": public_id("client", actor.client_id), "state": "suspended"}
    change_client_state(owner.console, ChangeClient.parse(wish))

    assert client.refresh(theirs.refresh or "").json()["error"] == "invalid_grant"
    browser = browse(member)
    refused = decide(browser, browser.get(client.authorize_url()))
    assert refused.status_code == 403
    assert "suspended in this tenant" in refused.text
    change_client_state(owner.console, ChangeClient.parse({**wish, "state": "active"}))
    assert client.refresh(theirs.refresh or "").status_code == 200


def test_a_new_agent_of_somebody_with_a_suspended_one_waits(
    client: OAuthClient,
    theirs: Tokens,
    owner: Somebody,
    member: Somebody,
    browse: Browsing,
    http: httpx2.Client,
) -> None:
    agent = who_is(theirs.access).agent_id
    assert agent
    set_agent(owner, agent, "suspended")
    another = registered(http)
    browser = browse(member)

    page = browser.get(another.authorize_url())
    told = answered(decide(browser, page, agent="second"))

    assert told["error"] == "access_denied"
    assert "owner or admin" in told["error_description"]
    with tenant_transaction(owner.console.tenant_id):
        waiting = Agent.objects.get(name="second")
    assert waiting.state == "waiting"
    (asked,) = consent_form(page).filled()["request"]
    assert browser.get(f"/oauth/status/{asked}").json()["status"] == "held"
    set_agent(owner, waiting.pk, "active")
    assert "code" in answered(decide(browser, browser.get(another.authorize_url())))


def test_naming_a_suspended_agent_is_no_way_around_its_suspension(
    client: OAuthClient,
    theirs: Tokens,
    owner: Somebody,
    member: Somebody,
    browse: Browsing,
    http: httpx2.Client,
) -> None:
    actor = who_is(theirs.access)
    assert actor.agent_id
    set_agent(owner, actor.agent_id, "suspended")
    another = registered(http)
    browser = browse(member)
    page = browser.get(another.authorize_url())
    told = answered(decide(browser, page, agent=actor.agent_name))
    assert told["error"] == "access_denied"


def readable_leases(actor: Actor) -> int:
    """The number of leases that an agent can still read."""
    with tenant_transaction(actor.tenant_id):
        return Lease.objects.filter(agent_id=actor.agent_id, state=LeaseState.ACTIVE).count()


@pytest.mark.parametrize("which", ["access", "refresh"])
def test_revoking_either_token_ends_both_but_no_lease(
    client: OAuthClient, theirs: Tokens, owner: Somebody, member: Somebody, which: str
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    actor = who_is(theirs.access)
    lease(actor)

    answer = client.revoke(getattr(theirs, which))

    assert (answer.status_code, answer.text) == (200, "")
    assert is_over(client, theirs)
    assert readable_leases(actor) == 1
    (entry,) = log("token.revoked", owner.console.tenant_id)
    assert entry.person_id == member.person.pk


def test_revoking_twice_or_nonsense_is_fine_and_leaves_one_entry(
    client: OAuthClient, theirs: Tokens, owner: Somebody
) -> None:
    for token in (theirs.refresh, theirs.access, theirs.refresh, "nonsense"):
        assert client.revoke(token or "", token_type_hint="x").status_code == 200
    assert len(log("token.revoked", owner.console.tenant_id)) == 1


def test_a_stranger_revokes_nothing(theirs: Tokens, http: httpx2.Client) -> None:
    stranger = registered(http)
    assert stranger.revoke(theirs.refresh or "").status_code == 200
    assert stranger.revoke(theirs.access).status_code == 200
    assert holds(theirs.access)


def test_reuse_ends_the_agents_leases(
    client: OAuthClient, theirs: Tokens, owner: Somebody, member: Somebody
) -> None:
    from tests.identity.test_refreshing import age

    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    actor = who_is(theirs.access)
    lease(actor)
    client.refresh(theirs.refresh or "")
    age(replaced_at=timedelta(minutes=1))
    client.refresh(theirs.refresh or "")
    assert readable_leases(actor) == 0
    (entry,) = log("token.reused", owner.console.tenant_id)
    assert entry.agent_id == actor.agent_id


def test_a_new_password_ends_what_lived_by_the_old_one(
    client: OAuthClient, theirs: Tokens, member: Somebody, owner: Somebody, browse: Browsing
) -> None:
    browser = browse(member)
    page = browser.get("/account/password/change/")
    new = "a wholly different passphrase"
    typed = form_with(page, "oldpassword").filled(
        oldpassword=PASSWORD, password1=new, password2=new
    )
    changed = browser.post("/account/password/change/", data=typed, headers=origin(browser))
    assert changed.status_code == 302
    assert is_over(client, theirs)
    (entry,) = log("token.revoked", owner.console.tenant_id)
    assert entry.details["reason"] == "password changed"


def test_without_its_entry_nothing_is_issued(
    client: OAuthClient, browser: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import DatabaseError

    from audit import recording

    code = client.code(browser)

    def full(*_: Any, **__: Any) -> None:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(recording, "insert", full)
        answer = client.redeem(code)
    assert answer.status_code == 503
    assert answer.json()["error"] == "temporarily_unavailable"
    assert answer.headers["Retry-After"]
    assert not Consent.objects.filter(access_tokens__isnull=False).exists()
    assert client.redeem(code).status_code == 200


def test_an_expired_code_gives_nothing_and_ends_nothing(
    client: OAuthClient, browser: httpx2.Client
) -> None:
    from identity.models import AuthorizationCode

    code = client.code(browser)
    AuthorizationCode.objects.update(expires=F("expires") - timedelta(seconds=60))
    assert client.redeem(code).json()["error"] == "invalid_grant"
    assert not Consent.objects.exclude(ended_at=None).exists()


def test_an_operator_stops_a_client_everywhere(
    client: OAuthClient, theirs: Tokens, owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    actor = who_is(theirs.access)
    lease(actor)

    call_command("change_client", client.client_id, "suspended")
    assert not holds(theirs.access)
    assert readable_leases(actor) == 0
    (revoked,) = log("lease.revoked", owner.console.tenant_id)
    assert (revoked.machinery, revoked.details["reason"]) == ("change-client", "client suspended")
    call_command("change_client", client.client_id, "active")
    assert holds(theirs.access)
    call_command("change_client", client.client_id, "removed")
    assert client.refresh(theirs.refresh or "").json()["error"] == "invalid_client"
    events = [f"client.{word}" for word in ("suspended", "resumed", "removed")]
    assert [len(log(event)) for event in events] == [1, 1, 1]
    for client_id in (client.client_id, "nobody"):
        with pytest.raises(CommandError, match="no such client"):
            call_command("change_client", client_id, "active")
