"""A credential that a person has to say yes to, each time: while the agent waits, and in words."""

import asyncio
import queue
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult
from playwright.sync_api import expect

from tests.browser.walkthrough.sharing import DATABASE
from tests.browser.walkthrough.stage import PHONE, Human, Stage, is_live, link_in
from tests.mcpserver.agent import Agent

KEY = "shop-database"
PURPOSE = "Count the orders of November for the report"
OTHER_PURPOSE = "Drop the column that nobody reads any more"
WAITS = 60


@dataclass
class Dialog:
    """A client of the official SDK that shows its person an address and waits for them."""

    shown: "queue.Queue[str]" = field(default_factory=queue.Queue)
    pressed: "queue.Queue[str]" = field(default_factory=queue.Queue)

    async def answer(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - the client calls it by this name
        params: ElicitRequestParams,
    ) -> ElicitResult:
        """What the client does when it is asked to open an address."""
        assert isinstance(params, ElicitRequestURLParams)
        self.shown.put(params.url)
        await asyncio.to_thread(self.pressed.get, timeout=WAITS)
        return ElicitResult(action="accept")

    async def lease(self, agent: Agent, address: str) -> dict[str, Any]:
        """One call, which takes as long as its person does."""
        headers = {"Authorization": f"Bearer {agent.token}"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=WAITS) as http:
            transport = streamable_http_client(f"{address}/api/mcp", http_client=http)
            async with Client(transport, elicitation_callback=self.answer) as client:
                asked = {"key": KEY, "purpose": PURPOSE, "ttl": "1h"}
                result = await client.call_tool("vault.lease_credential", asked)
        assert result.structured_content is not None
        return dict(result.structured_content)


@contextmanager
def leasing(agent: Agent, address: str) -> Iterator[tuple[Dialog, "Future[dict[str, Any]]"]]:
    """The call goes on beside the browsers."""
    dialog = Dialog()
    with ThreadPoolExecutor(1) as beside:
        call = beside.submit(lambda: asyncio.run(dialog.lease(agent, address)))
        try:
            yield dialog, call
        finally:
            dialog.pressed.put("whatever happened")


def approve_while_it_waits(stage: Stage, olivia: Human, marc: Human, agent: Agent) -> Human:
    """His client opens the page of the request; she says yes on her phone, for less. The phone."""
    phone = take_out_the_phone(stage, olivia)
    with leasing(agent, stage.address) as (dialog, call):
        marc.go(dialog.shown.get(timeout=WAITS))
        marc.sees("Waiting for somebody else")
        marc.picture("waiting")
        phone.sees(PURPOSE)
        phone.picture("phone-inbox")
        phone.open_row(PURPOSE, "Decide")
        phone.page.get_by_role("button", name="5 minutes", exact=True).click()
        phone.picture("phone-decide")
        phone.press("Approve")
        phone.sees(f"Approved: {marc.email} gets {KEY} with the next call.")
        assert not call.done()
        dialog.pressed.put("continue")
        lease = call.result(timeout=WAITS)
    assert lease["ttlSeconds"] == 300
    secret = agent.answer("vault.read_credential", leaseHandle=lease["leaseHandle"])
    assert secret["value"] == DATABASE
    return phone


def take_out_the_phone(stage: Stage, olivia: Human) -> Human:
    """Her other browser: password, and the code of her app."""
    phone = Human.enter(stage, olivia.name, viewport=PHONE, is_mobile=True, has_touch=True)
    phone.seed, phone.spent = olivia.seed, olivia.spent
    phone.go("/approvals/")
    phone.fill(login=phone.email, password=phone.password)
    phone.press("Sign in")
    phone.fill(code=phone.code())
    phone.press("Continue")
    phone.sees("Nothing is waiting")
    is_live(phone.page)
    return phone


def deny(phone: Human, marc: Human, agent: Agent) -> None:
    """A client that opens no addresses is told in words; she says no, and why."""
    asked = {"key": KEY, "purpose": OTHER_PURPOSE}
    result = agent.call("vault.lease_credential", **asked)
    assert result["structuredContent"]["code"] == "access/approval-pending"
    phone.go(link_in(result, f"{phone.stage.address}/approvals/"))
    phone.page.get_by_text("Give a reason").click()
    phone.fill(reason="Not on a Friday.")
    phone.press("Deny")
    phone.sees(f"Denied: {marc.email} does not get {KEY}.")
    refused = agent.call("vault.lease_credential", **asked)
    assert refused["structuredContent"]["code"] == "access/permission-denied"
    assert "Not on a Friday." in refused["content"][0]["text"]
    marc.go("/approvals/?state=decided")
    expect(marc.page.locator("main")).to_contain_text("denied")
    marc.picture("denied")
