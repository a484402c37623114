"""The plugin in the real Claude Code: installed from its folder, and its two hooks at work."""

import json
import secrets
import sys
from pathlib import Path

import pytest

from tests.claude_code.client import ClaudeCode
from tests.claude_code.model import Script, scripted_model
from tests.claude_code.test_undisclosed import appearances, bash
from tests.cli.installation import ROOT, Vaultctl, everything_below

pytestmark = [pytest.mark.claude_code, pytest.mark.timeout(420)]
PLUGIN = ROOT / "plugin"
# Stands for Vault's MCP server: what is under test is what the hooks make of its answers.
READS = r"""
import json, sys
answer = {"leaseId": "lease_1", "key": "k", "value": %r, "secretFields": {}}
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    results = {
        "initialize": {"protocolVersion": asked.get("params", {}).get("protocolVersion"),
                       "capabilities": {"tools": {}},
                       "serverInfo": {"name": "vault", "version": "1"}},
        "tools/list": {"tools": [{"name": "vault_read_credential", "description": "read",
                                  "inputSchema": {"type": "object", "properties": {}}}]},
        "tools/call": {"content": [{"type": "text", "text": json.dumps(answer)}]},
    }
    reply = {"jsonrpc": "2.0", "id": asked["id"]}
    known = results.get(asked["method"])
    reply |= {"result": known} if known else {"error": {"code": -32601, "message": "no"}}
    print(json.dumps(reply), flush=True)
"""


@pytest.fixture
def value() -> str:
    """Another one in each test."""
    return f"sk_live_{secrets.token_hex(16)}"


@pytest.fixture
def plugged(claude: ClaudeCode, vaultctl: Vaultctl) -> ClaudeCode:
    """The client with the plugin, installed as the README says."""
    for command in (
        ("plugin", "validate", str(PLUGIN)),
        ("plugin", "validate", str(PLUGIN / "vault")),
        ("plugin", "marketplace", "add", str(PLUGIN)),
        ("plugin", "install", "vault@vault"),
    ):
        claude.run(*command)
    assert "vault@vault" in claude.run("plugin", "list")
    return claude


def ask(claude: ClaudeCode, vaultctl: Vaultctl, prompt: str, script: Script) -> str:
    """One headless turn."""
    with scripted_model(script) as model:
        return claude.run(
            "-p",
            prompt,
            "--allowedTools",
            "Bash,mcp__vault",
            "--output-format",
            "json",
            timeout=120,
            PATH=vaultctl.environment["PATH"],
            VAULTCTL_URL=vaultctl.url,
            ANTHROPIC_BASE_URL=model,
            ANTHROPIC_API_KEY="dummy",
            ENABLE_TOOL_SEARCH="false",
        )


def test_a_pasted_secret_is_stopped_before_it_is_sent(
    plugged: ClaudeCode, vaultctl: Vaultctl, value: str
) -> None:
    script = Script([])
    said = ask(plugged, vaultctl, f"call the host with {value} please", script)
    assert "/credentials/new" in said
    assert value not in said
    assert script.requests == []


def test_what_was_read_is_taken_out_of_what_tools_answer(
    plugged: ClaudeCode, vaultctl: Vaultctl, value: str, tmp_path: Path
) -> None:
    server = tmp_path / "reads.py"
    server.write_text(READS % value)
    plugged.run("mcp", "add", "vault", "--", sys.executable, str(server))
    output = tmp_path / "output"
    output.write_text(f"the key is {value}\n")
    script = Script(
        [
            bash(f"cat {output}"),
            ("mcp__vault__vault_read_credential", lambda _: {}),
            bash(f"cat {output}; xxd -p {output} | tr -d '\\n'"),
        ]
    )
    assert json.loads(ask(plugged, vaultctl, "go", script))["result"] == "DONE"
    before, read, after = (json.dumps(result["content"]) for result in script.results)
    assert appearances(before.encode(), value) == 1
    assert value in read
    assert appearances(after.encode(), value) == 0
    assert "[redacted]" in after
    assert value.encode() not in everything_below([vaultctl.home / ".config"])
