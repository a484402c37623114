"""The official Python client does the main job, in both eras."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from devtools.client.http import tls_context
from tests.audit_trail import told, trail
from tests.oauth_client import connect
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, store

Mode = Literal["legacy", "auto", "2026-07-28"]
KEY = "stripe-api-key"


@asynccontextmanager
async def client(server: str, token: str, mode: Mode) -> AsyncIterator[Client]:
    """A connected client."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, verify=tls_context()) as http:
        transport = streamable_http_client(f"{server}/api/mcp", http_client=http)
        async with Client(transport, mode=mode) as connected:
            yield connected


async def lease_and_read(server: str, token: str, mode: Mode) -> dict[str, Any]:
    """What an agent does with a credential."""
    async with client(server, token, mode) as agent:
        tools = {tool.name for tool in (await agent.list_tools()).tools}
        assert {"vault.lease_credential", "vault.read_credential"} <= tools
        arguments = {"key": KEY, "purpose": PURPOSE}
        leased = await agent.call_tool("vault.lease_credential", arguments)
        assert leased.structured_content is not None
        handle = leased.structured_content["leaseHandle"]
        read = await agent.call_tool("vault.read_credential", {"leaseHandle": handle})
        again = await agent.call_tool("vault.read_credential", {"leaseHandle": handle + "x"})
        assert again.is_error
        assert isinstance(read.structured_content, dict)
        return read.structured_content


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
def test_the_official_client_leases_and_reads(server: str, owner: Somebody, mode: Mode) -> None:
    store(owner)
    token = connect(server, owner.person.email, PASSWORD).access

    secret = asyncio.run(lease_and_read(server, token, mode))

    assert secret["value"] == CANARY
    entries = told(trail(owner.console.tenant_id, credential_key=KEY))
    assert entries[-2:] == [("lease.created", "ok"), ("credential.read", "ok")]
