"""No worker runs and Redis hangs: people still connect agents, a living lease reads, and a lease
past its end is refused."""

import time
from collections.abc import Iterator

import pytest

from tests.alone import web
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, store
from tests.vaultsite.frozen import FrozenServer

DEADLINE = 30.0
KEY = "stripe-api-key"


@pytest.fixture
def frozen() -> Iterator[FrozenServer]:
    """A Redis that hangs."""
    server = FrozenServer()
    yield server
    server.close()


def test_leases_live_and_end_by_the_databases_clock_alone(
    owner: Somebody, frozen: FrozenServer
) -> None:
    store(owner)
    with web(frozen.url) as url, reach(url) as http:
        resource = f"{url}/api/mcp"
        token = connect(url, owner.person.email, PASSWORD, resource=resource).access
        agent = Agent(http, token)
        long = agent.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
        short = agent.answer("vault.lease_credential", key=KEY, purpose=PURPOSE, ttl=1)

        end = time.monotonic() + DEADLINE
        result = agent.call("vault.read_credential", leaseHandle=short["leaseHandle"])
        while not result["isError"] and time.monotonic() < end:
            time.sleep(0.1)
            result = agent.call("vault.read_credential", leaseHandle=short["leaseHandle"])

        assert result["structuredContent"]["code"] == "lease/expired"
        read = agent.answer("vault.read_credential", leaseHandle=long["leaseHandle"])
        assert read["value"] == CANARY
        assert http.get("/readyz").json()["status"] == "degraded"
