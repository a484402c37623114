"""No worker runs and Redis hangs: people still connect agents, a living lease reads, and a lease
past its end is refused."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import httpx2
import pytest
from django.conf import settings

from tests.environment import free_port
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, store
from tests.vaultsite.frozen import FrozenServer

DEADLINE = 30.0
KEY = "stripe-api-key"


@contextmanager
def web(redis_url: str) -> Iterator[str]:
    """The web process on this test's database, alone; its base URL."""
    port = free_port()
    url = f"http://localhost:{port}"
    database = urlsplit(str(settings.ENVIRONMENT.database_url))
    name = settings.DATABASES["default"]["NAME"]
    changes = {
        "VAULTSITE_PUBLIC_URL": url,
        "VAULTSITE_REDIS_URL": redis_url,
        "VAULTSITE_DATABASE_URL": urlunsplit(database._replace(path=f"/{name}")),
        "VAULTSITE_DATABASE_POOL": "4",
    }
    command = [sys.executable, "-m", "uvicorn", "vaultsite.asgi:application", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "error", "--no-access-log"], env={**os.environ, **changes}
    )
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx2.get(f"{url}/livez", trust_env=False)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the web process did not start")


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
