"""When an agent first and last called: recorded once a minute, without holding up a call."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import transaction

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.domain_events import DomainEvent, event_committed
from foundation.db.ids import parse_public_id
from tenants.agent_activity import FIRST_CALL, memory, record_activity
from tenants.models import Agent, ServiceAccount
from tests.machines import new_account
from tests.people import Somebody
from tests.racing import race


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    """Nothing was recorded yet."""
    memory.clear()
    yield
    memory.clear()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[DomainEvent]:
    """The domain events that live pages receive."""
    told: list[DomainEvent] = []

    def hear(event: DomainEvent, **_: object) -> None:
        told.append(event)

    monkeypatch.setattr(event_committed, "receivers", [])
    event_committed.connect(hear, weak=False)
    return told


def agent(actor: Actor) -> Agent:
    with tenant_transaction(actor.tenant_id):
        return Agent.objects.of(actor).get(person_id=actor.person)


def test_the_first_call_is_noted_and_told(owner: Somebody, heard: list[DomainEvent]) -> None:
    assert agent(owner.agent).first_call_at is None
    record_activity(replace(owner.agent, address="192.0.2.7"))
    noted = agent(owner.agent)
    assert noted.first_call_at == noted.last_call_at is not None
    assert noted.last_address == "192.0.2.7"
    assert heard == [DomainEvent(owner.console.tenant_id, FIRST_CALL)]


def test_a_minute_passes_before_the_next_one_is_noted(
    owner: Somebody, heard: list[DomainEvent]
) -> None:
    record_activity(owner.agent)
    first = agent(owner.agent)
    record_activity(replace(owner.agent, address="192.0.2.8"))
    assert agent(owner.agent).last_call_at == first.last_call_at

    memory.clear()
    record_activity(replace(owner.agent, address="192.0.2.8"))
    later = agent(owner.agent)
    assert later.first_call_at == first.first_call_at
    assert later.last_address == "192.0.2.8"
    assert len(heard) == 1


def test_a_service_account_is_noted_likewise(owner: Somebody) -> None:
    account = parse_public_id("sa", new_account(owner))
    machine = Actor(
        tenant_id=owner.console.tenant_id,
        channel=owner.agent.channel,
        service_account_id=account,
        address="192.0.2.9",
    )
    record_activity(machine)
    with tenant_transaction(machine.tenant_id):
        row = ServiceAccount.objects.of(machine).get(pk=account)
    assert row.last_used_at is not None
    assert row.last_address == "192.0.2.9"


def test_people_at_the_console_are_not_noted(owner: Somebody) -> None:
    record_activity(owner.console)
    assert agent(owner.agent).last_call_at is None


def test_an_agent_that_is_just_being_changed_is_not_waited_for(owner: Somebody) -> None:
    with tenant_transaction(owner.console.tenant_id):
        Agent.objects.of(owner.agent).select_for_update().get(name="Claude Code")
        assert race(lambda: record_activity(owner.agent)) == [None]
    assert agent(owner.agent).last_call_at is None


def test_another_tenants_agent_is_not_touched(owner: Somebody, outsider: Somebody) -> None:
    record_activity(replace(outsider.agent, agent_id=owner.agent.agent_id))
    assert agent(owner.agent).last_call_at is None
    assert not transaction.get_connection().in_atomic_block
