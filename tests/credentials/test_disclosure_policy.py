"""Changing whom a value is answered: who may, and which leases end."""

from dataclasses import replace
from itertools import product

import pytest
from pytest import Subtests

from access.actions import Channel
from access.actor import Actor
from foundation.errors import Denied, DisclosureDenied, Invalid, LeaseOver
from tests.audit_trail import new_entries, told
from tests.contracts.test_disclosure import KEY, WORDS, policy, settings
from tests.people import CANARY, Somebody, grant, lease, read, store


def test_a_manager_tightens_and_only_an_admin_loosens(
    owner: Somebody, member: Somebody, subtests: Subtests
) -> None:
    store(owner)
    grant(owner, member, "manager", key=KEY)
    destinations = [{"host": "api.example.com"}]
    for before, after in product(WORDS, WORDS):
        policy(owner, disclosure=before, destinations=destinations)
        with subtests.test(before=before, after=after):
            if WORDS.index(after) > WORDS.index(before):
                policy(member, disclosure=after, destinations=destinations)
            else:
                with pytest.raises(Denied):
                    policy(member, disclosure=after, destinations=destinations)
    policy(owner, disclosure="model")
    policy(member, disclosure="model", reveal="never")
    for more in (
        {"reveal": "allowed"},
        {"reveal": "never", "disclosure": "process", "destinations": destinations},
        {"reveal": "never", "disclosure": "process", "maxUses": 5},
        {"reveal": "never", "disclosure": None},
    ):
        with subtests.test(more=more), pytest.raises(Denied):
            policy(member, **more)


def test_nobody_goes_below_the_tenants_minimum(owner: Somebody) -> None:
    settings(owner, defaultDisclosure="process", minimumDisclosure="process")
    store(owner)
    with pytest.raises(Invalid):
        policy(owner, disclosure="model")
    with pytest.raises(Invalid):
        store(owner, "other", policy={"disclosure": "model"})


def test_a_new_credential_discloses_more_than_usual_by_an_admin_only(
    owner: Somebody, member: Somebody
) -> None:
    settings(owner, defaultDisclosure="process")
    store(owner, "first")
    grant(owner, member, "manager", folderPath="stripe")

    store(member, "second", policy={"disclosure": "broker"})
    with pytest.raises(Denied):
        store(member, "third", policy={"disclosure": "model"})
    store(owner, "third", policy={"disclosure": "model"})


def test_destinations_are_for_what_is_sent_over_http(owner: Somebody) -> None:
    with pytest.raises(Invalid):
        store(
            owner,
            type="database-url",
            value="postgresql://u:secret@db.example/x",
            policy={"destinations": [{"host": "db.example"}]},
        )


# -- which leases end ----------------------------------------------------------------------------


def _can_read(actor: Actor, handle: str) -> str:
    try:
        return read(actor, handle).value.get_secret_value()
    except (LeaseOver, DisclosureDenied) as error:
        return error.code


@pytest.mark.parametrize("by", ["policy", "default", "minimum"])
def test_a_stricter_policy_ends_the_leases_that_it_takes_away(owner: Somebody, by: str) -> None:
    program = replace(
        owner.agent,
        channel=Channel.REST,
        agent_id=None,
        client_id=None,
        trusted_program=True,
    )
    store(owner)
    store(owner, "other", policy={"disclosure": "broker"})
    agents, programs = lease(owner.agent).lease_handle, lease(program).lease_handle
    others = lease(owner.agent, "other").lease_id

    def tighten(word: str) -> list[tuple[str, str]]:
        with new_entries(owner.console.tenant_id) as entries:
            if by == "policy":
                policy(owner, disclosure=word)
            elif by == "default":
                settings(owner, defaultDisclosure=word)
            else:
                settings(owner, defaultDisclosure="broker", minimumDisclosure=word)
        assert others not in str([one.lease_id for one in entries])
        return [one for one in told(entries) if one[0].startswith("lease")]

    if by == "minimum":
        policy(owner, disclosure="model")
    assert tighten("process") == [("lease.revoked", "ok")]
    assert _can_read(owner.agent, agents) == "lease/revoked"
    assert _can_read(program, programs) == CANARY
    assert tighten("broker") == [("lease.revoked", "ok")]
    assert _can_read(program, programs) == "lease/revoked"


def test_a_looser_policy_ends_nothing(owner: Somebody) -> None:
    store(owner, policy={"disclosure": "broker"})
    handle = lease(owner.agent).lease_handle
    policy(owner, disclosure="model")

    assert _can_read(owner.agent, handle) == CANARY
