"""What an open page receives, and what it does not."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from websockets.exceptions import InvalidStatus

from foundation.errors import Denied
from leases.operations import release_lease, revoke_lease
from leases.shapes import ReleaseLease
from tests.audit_trail import trail
from tests.console.pages import signed_in
from tests.live_pages.socket import live_page, open_page
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, grant, lease, store


def test_an_owner_hears_of_every_entry_by_its_id(server: str, owner: Somebody) -> None:
    with live_page(server, owner) as page:
        store(owner)
        told = page.topic("credentials")
        assert told == {"topic": "credentials", "entry": told["entry"]}
        assert told["entry"].startswith("entry_")
        assert {"topic": "audit", "entry": told["entry"]} in page.heard


def test_nothing_but_topics_and_ids_is_said(server: str, owner: Somebody) -> None:
    with live_page(server, owner) as page:
        store(owner, description="a description")
        lease(owner.agent)
        page.topic("leases")
        said = str(page.heard)
    for secret in (CANARY, PURPOSE, "stripe", "description", "olivia"):
        assert secret not in said
    assert {frozenset(one) for one in page.heard} <= {
        frozenset({"live"}),
        frozenset({"topic", "entry"}),
    }


def test_a_member_hears_that_something_changed_and_not_what(
    server: str, owner: Somebody, member: Somebody
) -> None:
    store(owner)
    with live_page(server, member) as page:
        grant(owner, member, "user", key="stripe-api-key")
        assert page.topic("grants") == {"topic": "grants"}
        lease(member.agent)
        assert page.topic("leases") == {"topic": "leases"}
        topics = {one.get("topic") for one in page.heard}
    assert not topics & {"audit", "members", "settings"}


def test_another_tenant_hears_nothing(server: str, owner: Somebody, outsider: Somebody) -> None:
    with live_page(server, outsider) as page:
        store(owner)
        lease(owner.agent)
        store(outsider, key="last")
        page.topic("credentials")
        mine = {one["entry"] for one in page.heard if "entry" in one}
    assert mine == {f"entry_{trail(outsider.console.tenant_id)[-1].pk.hex}"}


def test_a_refusal_that_rolled_back_is_told_as_its_own_entry_only(
    server: str, owner: Somebody, member: Somebody
) -> None:
    store(owner)
    with live_page(server, owner) as page:
        with pytest.raises(Denied):
            lease(member.agent)
        page.topic("leases")  # lease.denied


def test_many_events_make_few_messages(server: str, owner: Somebody) -> None:
    store(owner)
    with live_page(server, owner) as page:
        for _ in range(30):
            held = lease(owner.agent)
            release_lease(owner.agent, ReleaseLease(lease_handle=held.lease_handle))
        last = f"entry_{trail(owner.console.tenant_id)[-1].pk.hex}"
        page.wait_for(lambda one: one == {"topic": "leases", "entry": last})
        about = [one for one in page.heard if one.get("topic") == "leases"]
    assert len(about) < 30


def test_two_browsers_hear_the_same(server: str, owner: Somebody) -> None:
    store(owner)
    held = lease(owner.agent)
    with live_page(server, owner) as one, live_page(server, owner) as other:
        revoke_lease(owner.console, held.lease_id)
        assert one.topic("leases") == other.topic("leases")


REFUSED: list[dict[str, Any]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"path": "/ws/other/"},
]


@pytest.mark.parametrize("how", REFUSED, ids=str)
def test_only_our_own_pages_may_connect(server: str, owner: Somebody, how: dict[str, Any]) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        open_page(server, signed_in(owner), **how),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_somebody_who_is_not_signed_in_is_told_nothing(server: str, owner: Somebody) -> None:
    with open_page(server, Client()) as page:
        assert page.closed() == 4401
    forged = Client()
    forged.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    with open_page(server, forged) as page:
        assert page.closed() == 4401
    assert page.heard == []


def test_a_page_that_talks_is_closed(server: str, owner: Somebody) -> None:
    with live_page(server, owner) as page:
        page.connection.send('{"subscribe": "tenant.0"}')
        assert page.closed() == 1008


def test_one_person_has_a_bounded_number_of_pages(
    server: str, owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.live.connections.MOST_PER_PERSON", 1)
    with live_page(server, owner), open_page(server, signed_in(owner)) as second:
        assert second.closed() == 4429


def test_the_first_call_of_an_agent_is_heard(server: str, owner: Somebody) -> None:
    with live_page(server, owner) as page, reach(server) as http:
        token = connect(server, owner.person.email, PASSWORD).access
        Agent(http, token).answer("vault.list_credentials")
        called = {"topic": "agents"}  # without an entry, which connecting has
        page.wait_for(lambda message: message == called)
