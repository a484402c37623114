"""The limits of a person or service account count over all agents, tokens and channels."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from access.actions import Channel
from access.actor import Actor
from leases import quotas
from leases.operations import release_lease
from leases.shapes import ReleaseLease
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import trail
from tests.people import Somebody, grant, lease, new_agent, store
from tests.refusals import code_of
from tests.storage import owner_sql

MOST = 4


def other_agent(who: Somebody) -> Actor:
    return new_agent(who.console, "Another client")


def personal_token(who: Somebody) -> Actor:
    """What actor_from_token makes of one: a client id of its own and no agent."""
    return replace(who.agent, channel=Channel.REST, agent_id=None, agent_name="", client_id=uuid4())


# The ways in which a person acts, besides the agent they have.
WAYS = pytest.mark.parametrize("way", [other_agent, personal_token])


@pytest.fixture(autouse=True)
def limit(owner: Somebody) -> None:
    """A few credentials, of which one person may hold fewer."""
    quotas.memory.clear()
    for number in range(MOST + 1):
        store(owner, f"key-{number}")
    change_settings(owner.console, ChangeSettings(max_credentials_per_person=MOST))


@WAYS
def test_another_way_in_is_no_other_limit(
    owner: Somebody, way: Callable[[Somebody], Actor]
) -> None:
    first = [lease(owner.agent, f"key-{number}") for number in range(MOST)]
    second = way(owner)

    assert code_of(partial(lease, second, f"key-{MOST}")) == "quota/exceeded"
    lease(second, "key-0")
    release_lease(owner.agent, ReleaseLease(lease_handle=first[1].lease_handle))
    lease(second, f"key-{MOST}")


def test_a_token_alone_has_the_limit(owner: Somebody) -> None:
    token = personal_token(owner)
    for number in range(MOST):
        lease(token, f"key-{number}")
    lease(token, "key-0")
    assert code_of(partial(lease, token, f"key-{MOST}")) == "quota/exceeded"


def test_owners_are_told_once_a_day_from_half_of_it_on(owner: Somebody, member: Somebody) -> None:
    grant(owner, member, "user", folderPath="stripe")
    lease(member.agent, "key-0")
    lease(member.agent, "key-1")
    assert trail(owner.console.tenant_id, event="access.unusual") == []

    lease(member.agent, "key-2")
    lease(member.agent, "key-3")

    (entry,) = trail(owner.console.tenant_id, event="access.unusual")
    assert entry.details == {"credentials": 3, "limit": MOST}
    assert entry.person_id == member.person.pk
    (row,) = owner_sql(
        "SELECT person_id, facts->>'holder' FROM notice WHERE kind = 'unusual_access'"
    )
    assert str(row[0]) == str(owner.person.pk)
    assert row[1] == member.person.email


def test_somebody_elses_leases_do_not_count(owner: Somebody, member: Somebody) -> None:
    grant(owner, member, "user", folderPath="stripe")
    for number in range(MOST):
        lease(owner.agent, f"key-{number}")
    lease(member.agent, f"key-{MOST}")
