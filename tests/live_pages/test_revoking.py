"""A revocation applies at once on every channel, and every open page is notified."""

import httpx2
import pytest

from devtools.client.mcp import ERAS
from leases.operations import revoke_lease
from tests.live_pages.socket import live_page
from tests.mcpserver.agent import Agent
from tests.oauth_client import connect, reach
from tests.people import PASSWORD, PURPOSE, Somebody, grant, store

KEY = "stripe-api-key"


def agent(server: str, http: httpx2.Client, who: Somebody, version: str) -> Agent:
    """An agent of somebody, connected over HTTP."""
    return Agent(http, connect(server, who.person.email, PASSWORD).access, version)


@pytest.mark.parametrize("version", ERAS)
def test_a_revoke_holds_at_the_endpoint_and_is_told_to_who_sees_the_lease(
    server: str, owner: Somebody, member: Somebody, version: str
) -> None:
    store(owner)
    grant(owner, member, "user", key=KEY)
    with reach(server) as http:
        working = agent(server, http, member, version)
        lease = working.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
        handle = {"leaseHandle": lease["leaseHandle"]}
        working.answer("vault.read_credential", **handle)
        with live_page(server, owner) as looking, live_page(server, member) as holding:
            revoke_lease(owner.console, lease["leaseId"])

            refused = working.refusal("vault.read_credential", **handle)
            assert (refused["code"], refused["status"]) == ("lease/revoked", 410)
            assert looking.topic("leases")["entry"].startswith("entry_")
            assert holding.topic("leases") == {"topic": "leases"}


def test_a_page_of_another_tenant_is_not_told_of_a_revoke(
    server: str, owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    store(owner)
    with reach(server) as http:
        working = agent(server, http, owner, ERAS[0])
        lease = working.answer("vault.lease_credential", key=KEY, purpose=PURPOSE)
        with live_page(server, member) as mine, live_page(server, outsider) as elsewhere:
            revoke_lease(owner.console, lease["leaseId"])
            mine.topic("leases")
            assert elsewhere.listen(0.5) is None
