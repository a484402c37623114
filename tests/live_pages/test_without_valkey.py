"""Valkey hangs or is gone: the page says that it is not live, and everything else works."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from devtools.data_directory import open_directory
from devtools.processes import Child, ProcessGroup
from devtools.valkey import start_valkey
from tests.alone import web
from tests.live import browser
from tests.live_pages.socket import LIVE, Page, open_socket
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach, sign_in
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, store
from tests.vaultsite.frozen import FrozenServer

KEY = "stripe-api-key"
NOT_LIVE = {"live": False}


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[tuple[str, Child]]:
    """A Valkey of this test's own: its URL and its process."""
    data = open_directory(tmp_path / "valkey")
    with ProcessGroup(data.logs) as family:
        url = start_valkey(family, data)
        yield url, family.children[0]


def cookies(url: str, who: Somebody) -> dict[str, str]:
    """What a browser keeps after signing in at this server."""
    with browser(url) as client:
        sign_in(client, who.person.email, PASSWORD)
        return dict(client.cookies.items())


def agent(url: str, http: httpx2.Client, who: Somebody) -> Agent:
    """The person's agent, connected over HTTP."""
    token = connect(url, who.person.email, PASSWORD, resource=f"{url}/api/mcp").access
    return Agent(http, token)


def leases_and_reads(one: Agent) -> None:
    """The whole of what an agent needs."""
    held = one.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
    assert one.answer("vault.read_credential", leaseHandle=held["leaseHandle"])["value"] == CANARY


def said(page: Page, message: dict[str, bool]) -> None:
    """Wait until the page receives exactly this."""
    page.wait_for(lambda one: one == message)


def test_a_page_says_that_it_is_not_live_while_valkey_hangs_and_catches_up(
    owner: Somebody, valkey: tuple[str, Child]
) -> None:
    store(owner)
    redis_url, process = valkey
    with web(redis_url) as url, reach(url) as http:
        one = agent(url, http, owner)
        with open_socket(url, cookies(url, owner), origin=url) as page:
            said(page, LIVE)
            leases_and_reads(one)
            page.topic("leases")

            os.kill(process.process.pid, signal.SIGSTOP)
            try:
                said(page, NOT_LIVE)
                leases_and_reads(one)
            finally:
                os.kill(process.process.pid, signal.SIGCONT)

            page.heard.clear()
            said(page, LIVE)
            leases_and_reads(one)
            page.topic("leases")


def test_a_page_opens_and_says_so_when_valkey_never_answered(
    owner: Somebody,
) -> None:
    store(owner)
    frozen = FrozenServer()
    try:
        with web(frozen.url) as url, reach(url) as http:
            with open_socket(url, cookies(url, owner), origin=url) as page:
                said(page, NOT_LIVE)
                leases_and_reads(agent(url, http, owner))
            assert LIVE not in page.heard
    finally:
        frozen.close()
