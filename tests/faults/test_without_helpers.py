"""What agents need does not hang on the helpers: no worker, no beat, a frozen Valkey."""

import time
from collections.abc import Iterator

import pytest

from devtools.client.agent import Agent
from tests.faults.installation import Installation, running_installation
from tests.people import PURPOSE

# One installation for all: they stay in one process.
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("faults")]

KEY = "stripe-api-key"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A whole installation with its demo people, whose rows are checked after the faults."""
    with running_installation(tmp_path_factory.mktemp("faults") / "data") as running:
        yield running
        running.check_invariants()


def connected(installation: Installation) -> Agent:
    """The owner's agent, signed in and consented to over HTTP."""
    agent = installation.agent()
    agent.discover()
    agent.register()
    agent.connect(installation.person("owner"))
    return agent


def lease(agent: Agent, ttl: str) -> str:
    """A handle."""
    answer = agent.call("vault.lease_credential", key=KEY, purpose=PURPOSE, ttl=ttl)
    assert answer.refused is None
    return str(answer.content["leaseHandle"])


def read(agent: Agent, handle: str) -> str | None:
    """The code of the refusal, or None when the value was read."""
    return agent.call("vault.read_credential", leaseHandle=handle).refused


def wait_until_over(agent: Agent, handle: str) -> str | None:
    """Read until it is refused, and answer with what; a lease of seconds is over soon."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        refused = read(agent, handle)
        if refused is not None:
            return refused
        time.sleep(0.2)
    return None


def test_a_dead_lease_is_refused_and_a_living_one_reads_without_worker_and_valkey(
    installation: Installation,
) -> None:
    with connected(installation) as agent:
        with installation.stopped("celery", "valkey-server"):
            living, short = lease(agent, "5m"), lease(agent, "1s")
            assert wait_until_over(agent, short) == "lease/expired"
            assert read(agent, living) is None
        assert read(agent, living) is None


def test_people_sign_in_and_agents_connect_with_a_frozen_valkey(
    installation: Installation,
) -> None:
    with installation.stopped("valkey-server"), connected(installation) as agent:
        assert read(agent, lease(agent, "1m")) is None


def test_what_the_worker_missed_is_noted_when_it_is_back(installation: Installation) -> None:
    with connected(installation) as agent:
        with installation.stopped("celery"):
            handle = lease(agent, "1s")
            assert wait_until_over(agent, handle) == "lease/expired"
        end = time.monotonic() + 30
        while "lease.expired" not in newest_events(agent):
            assert time.monotonic() < end, "the worker did not note the expiry"
            time.sleep(0.3)


def newest_events(agent: Agent) -> list[str]:
    """The trail of the credential up to the newest lease, newest first."""
    metadata = agent.call("vault.get_credential_metadata", key=KEY, auditEntries=20)
    trail = metadata.content["recentAudit"]
    events = [entry["event"] for entry in trail]
    return events[: events.index("lease.created")]
