"""One program of a person on both channels: the same client, agent and scopes over MCP and REST."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2
from django.conf import settings

from audit.models import Entry
from mcpserver.tools import BY_NAME
from restapi.routes import ROUTES
from tests.mcpserver.agent import Agent
from tests.oauth_client import SCOPES, OAuthClient, reach, sign_in
from tests.people import PASSWORD, Somebody
from tests.restapi.requests import sent
from tests.storage import owner_sql

# What differs each time: ids, handles, moments.
_EACH_TIME = re.compile(
    r"\b[a-z]+_[0-9a-f]{32}\b|vlt_lease_[\w.-]+|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)"
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{32}\b"
)


@dataclass(frozen=True)
class Said:
    """A channel's answer: `code` is empty when it worked."""

    code: str
    body: dict[str, Any]


class Face(Protocol):
    """A way in for programs."""

    @property
    def name(self) -> str:
        """What it is called in a test's keys."""
        ...

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Said:
        """Do what the tool of that name does."""
        ...


@dataclass(frozen=True)
class OverMcp:
    """As agents come."""

    agent: Agent
    name: str = "mcp"

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Said:
        answer = self.agent.ask("tools/call", {"name": tool, "arguments": dict(arguments)})
        if answer.status_code != 200:
            return Said(answer.json()["code"], answer.json())
        result = answer.json()["result"]
        body = result["structuredContent"]
        return Said(body["code"] if result["isError"] else "", body)


@dataclass(frozen=True)
class OverRest:
    """As other programs come."""

    http: httpx2.Client
    token: str
    name: str = "rest"

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Said:
        operation = BY_NAME[tool].operation
        (route,) = (one for one in ROUTES if one.operation is operation)
        request = sent(route, arguments)
        answer = self.http.request(
            request.method,
            request.address,
            params=dict(request.query),
            json=request.body,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return Said("" if answer.is_success else answer.json()["code"], answer.json())


def both_faces(http: httpx2.Client, who: Somebody, scopes: str = SCOPES) -> tuple[Face, Face]:
    """A program of somebody, with a token for each channel."""
    with reach(str(http.base_url)) as browser:
        client = OAuthClient(http)
        client.register()
        owner_sql(
            "UPDATE identity_client SET registration_source = 'manual' WHERE client_id = %s",
            client.client_id,
        )
        sign_in(browser, who.person.email, PASSWORD)
        tokens = []
        for resource in (settings.MCP_RESOURCE, settings.REST_RESOURCE):
            client.resource = resource
            code = client.code(browser, scopes, agent=f"program {client.client_id[:8]}")
            tokens.append(client.tokens(client.redeem(code)).access)
    return OverMcp(Agent(http, tokens[0])), OverRest(http, tokens[1])


def plainly(fact: Any, key: str, *, inside: bool = False) -> Any:
    """The fact without what differs each time, and with one name for the scene's own key.

    MCP leaves out the null members of nested objects, which say nothing in a conversation.
    """
    if isinstance(fact, dict):
        kept = {name: one for name, one in fact.items() if not (inside and one is None)}
        return {name: plainly(one, key, inside=True) for name, one in kept.items()}
    if isinstance(fact, list):
        return [plainly(one, key, inside=True) for one in fact]
    return _EACH_TIME.sub("…", fact.replace(key, "KEY")) if isinstance(fact, str) else fact


def noted(entry: Entry, key: str) -> dict[str, Any]:
    """An entry without its channel."""
    columns = (
        "event", "outcome", "role", "person_id", "service_account_id", "client_id", "agent_id",
        "agent_name", "machinery", "purpose", "credential_key", "version", "details",
    )  # fmt: skip
    said = {name: getattr(entry, name) for name in columns}
    said |= {name: getattr(entry, name) is None for name in ("credential_id", "lease_id")}
    return {name: plainly(value, key) for name, value in said.items()}
