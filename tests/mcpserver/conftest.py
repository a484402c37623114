"""Agents of people, connected as any client connects."""

from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import PASSWORD, Somebody

Connect = Callable[..., Agent]


@pytest.fixture
def http(server: str, database: None) -> Iterator[httpx2.Client]:
    """A connection to the running product."""
    with reach(server) as connection:
        yield connection


@pytest.fixture
def agent_of(server: str, http: httpx2.Client) -> Connect:
    """Connects an agent of somebody: `agent_of(owner, version=…, scopes=…)`."""

    def connected(who: Somebody, version: str = "2026-07-28", **more: str) -> Agent:
        tokens = connect(server, who.person.email, PASSWORD, **more)
        return Agent(http, tokens.access, version)

    return connected


@pytest.fixture
def agent(agent_of: Connect, owner: Somebody) -> Agent:
    """The owner's agent."""
    return agent_of(owner)
