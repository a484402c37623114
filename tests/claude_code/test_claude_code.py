"""The real Claude Code connects, leases and reads, as the README tells people to do it."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from django.db import connection

from access.tenancy import tenant_transaction
from audit.models import Entry
from credentials.operations import store_requested_credential
from credentials.shapes.credential_requests import StoreRequestedCredential
from devtools.client.browser import Browser, away, form_with
from tests.claude_code.client import CALLBACK_PORT, ClaudeCode
from tests.claude_code.model import Results, Script, scripted_model
from tests.leases.asking import decide
from tests.people import CANARY, PASSWORD, PURPOSE, Somebody, grant, store

ADDRESS = re.compile(r"/approvals/(lease_[0-9a-f]{32})")
MISSING = re.compile(r"/approvals/(creq_[0-9a-f]{32})")
pytestmark = [pytest.mark.claude_code, pytest.mark.timeout(420)]


def consent(server: str, who: Somebody) -> Callable[[str], None]:
    """What a person does in the browser: sign in, allow, and follow the redirect to the client."""

    def approve(address: str) -> None:
        with Browser(server) as browser:
            page = browser.open("/account/login/")
            form = form_with(page, "password")
            browser.submit(page, form, login=who.person.email, password=PASSWORD)
            page = browser.open(address)
            form = form_with(page, "agent")
            answer = browser.submit(page, form, agent="Claude Code", decision="allow")
        target = away(answer)
        assert target is not None
        assert httpx2.get(target, follow_redirects=True, timeout=20).status_code < 500

    return approve


def connect(claude: ClaudeCode, server: str, who: Somebody) -> None:
    """`mcp add`, `mcp login` and `mcp list`, with the README's own words."""
    url = f"{server}/api/mcp"
    port = str(CALLBACK_PORT)
    claude.run("mcp", "add", "--transport", "http", "vault", url, "--callback-port", port)
    assert "Needs authentication" in claude.run("mcp", "list")
    claude.login("vault", consent(server, who))
    assert "Connected" in claude.run("mcp", "list")


def ask(claude: ClaudeCode, script: Script) -> Results:
    """One headless turn; answers what the tools answered, as the model saw it."""
    said = converse(claude, script, "mcp__vault")
    assert json.loads(said)["result"] == "DONE", said
    return script.results


def converse(claude: ClaudeCode, script: Script, *tools: str) -> str:
    """One headless turn with these tools allowed; answers the client's output."""
    with scripted_model(script) as model:
        return claude.run(
            "-p",
            "go",
            "--allowedTools",
            ",".join(tools),
            "--output-format",
            "json",
            timeout=120,
            ANTHROPIC_BASE_URL=model,
            ANTHROPIC_API_KEY="dummy",
            ENABLE_TOOL_SEARCH="false",
        )


def content(result: dict[str, Any]) -> dict[str, Any]:
    """The JSON object of a tool result."""
    text = result["content"]
    parsed: dict[str, Any] = json.loads(text if isinstance(text, str) else text[0]["text"])
    return parsed


def handle(results: Results) -> dict[str, Any]:
    """The arguments that redeem what was leased last."""
    return {"leaseHandle": content(results[-1])["leaseHandle"]}


def test_claude_code_leases_and_reads_what_the_owner_stored(
    claude: ClaudeCode, server: str, owner: Somebody
) -> None:
    store(owner, "stripe-api-key")
    connect(claude, server, owner)
    wish = {"key": "stripe-api-key", "purpose": PURPOSE, "ttl": "5m"}
    script = Script(
        [
            ("mcp__vault__vault_list_credentials", lambda _: {"folderPath": "stripe"}),
            ("mcp__vault__vault_lease_credential", lambda _: wish),
            ("mcp__vault__vault_read_credential", handle),
        ]
    )
    listed, leased, read = (content(one) for one in ask(claude, script))
    assert [one["key"] for one in listed["credentials"]] == ["stripe-api-key"]
    assert leased["ttlSeconds"] == 300
    assert read["value"] == CANARY
    with tenant_transaction(owner.console.tenant_id):
        entry = Entry.objects.of(owner.console).get(event="credential.read")
    assert entry.person_id == owner.person.pk
    assert entry.agent_name == "Claude Code"
    assert entry.purpose == PURPOSE
    assert entry.claimed["client"] == "claude-code"
    assert entry.claimed["toolUseId"] == "toolu_3"


def test_claude_code_is_told_what_was_refused(
    claude: ClaudeCode, server: str, owner: Somebody
) -> None:
    connect(claude, server, owner)
    wish = {"key": "no-such-key", "purpose": PURPOSE}
    script = Script([("mcp__vault__vault_lease_credential", lambda _: wish)])
    (refused,) = ask(claude, script)
    assert refused["is_error"] is True
    assert "Credential not found" in json.dumps(refused["content"])


def test_claude_code_is_told_where_to_approve_and_gets_the_lease_afterwards(
    claude: ClaudeCode, server: str, owner: Somebody, member: Somebody
) -> None:
    """Without a person in front of it, the client cancels its own dialog and repeats the call."""
    store(owner, "stripe-api-key", policy={"approval": "required"})
    grant(owner, member, "user", key="stripe-api-key")
    connect(claude, server, member)
    wish = {"key": "stripe-api-key", "purpose": PURPOSE, "ttl": "5m"}

    def approved(results: Results) -> dict[str, Any]:
        found = ADDRESS.search(json.dumps(results[-1]["content"]))
        assert found is not None, results
        decide(owner.console, found.group(1), approve=True)
        connection.close()  # this thread's own
        return wish

    lease_tool = "mcp__vault__vault_lease_credential"
    waiting, leased = ask(claude, Script([(lease_tool, lambda _: wish), (lease_tool, approved)]))

    assert waiting["is_error"] is True
    assert "Approval pending" in json.dumps(waiting["content"])
    assert content(leased)["ttlSeconds"] == 300
    with tenant_transaction(owner.console.tenant_id):
        asked = Entry.objects.of(owner.console).filter(event="access.requested")
        assert asked.count() == 1


def test_claude_code_asks_for_a_credential_that_a_person_stores(
    claude: ClaudeCode, server: str, owner: Somebody
) -> None:
    """Without a person in front of it, the client cancels its own dialog and repeats the call."""
    connect(claude, server, owner)
    wish = {"key": "new-key", "type": "api-key", "purpose": PURPOSE}

    def stored(results: Results) -> dict[str, Any]:
        found = MISSING.search(json.dumps(results[-1]["content"]))
        assert found is not None, results
        given = {"requestId": found.group(1), "value": CANARY, "key": "new-key", "type": "api-key"}
        store_requested_credential(owner.console, StoreRequestedCredential.parse(given))
        connection.close()  # this thread's own
        return wish

    request_tool = "mcp__vault__vault_request_credential"
    script = Script([(request_tool, lambda _: wish), (request_tool, stored)])
    waiting, answered = ask(claude, script)

    assert waiting["is_error"] is True
    assert content(answered)["key"] == "new-key"
    assert "vault.lease_credential" in content(answered)["nextStep"]
    assert CANARY not in json.dumps(script.requests)


def test_claude_code_logs_out(claude: ClaudeCode, server: str, owner: Somebody) -> None:
    connect(claude, server, owner)
    claude.run("mcp", "logout", "vault")
    assert "Needs authentication" in claude.run("mcp", "list")
    with tenant_transaction(owner.console.tenant_id):
        events = set(Entry.objects.of(owner.console).values_list("event", flat=True))
    assert "token.revoked" in events
