"""MCP clients from the registries list Vault's tools and call one."""

import json
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.claude_code.client import ClaudeCode, install
from tests.claude_code.model import Script
from tests.claude_code.other_models import Commands, scripted_api
from tests.claude_code.test_claude_code import ask, connect
from tests.claude_code.test_other_agents import codex
from tests.clients.programs import NPM, PYPI, Programs
from tests.clients.tables import Table, today
from tests.people import Somebody, store

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]
PLAIN = "vault_list_credentials"


def fact(clients: Table, name: str, version: str, what: str) -> None:
    """Record that this version did this today."""
    clients.add(name, version, today(), what)


@pytest.mark.parametrize("version", ["2.1.332", "2.1.197"])
def test_claude_code(
    server: str, owner: Somebody, tmp_path: Path, clients: Table, version: str
) -> None:
    store(owner)
    home = tmp_path / "home"
    client = ClaudeCode(install(tmp_path / "program", version), home)
    for directory in (home / ".claude", client.work):
        directory.mkdir(parents=True)
    connect(client, server, owner)
    results = ask(client, Script([("mcp__vault__vault_list_credentials", lambda _: {})]))
    assert "stripe-api-key" in json.dumps(results)
    fact(clients, f"Claude Code {version}", version, "metadata document, login, tool call")


def test_inspector_on_the_command_line(
    server: str, token: str, programs: Programs, clients: Table
) -> None:
    package = "@modelcontextprotocol/inspector"
    program = programs.npm(package, "mcp-inspector")
    url = [f"{server}/api/mcp", "--transport", "http"]
    sent = ["--header", f"Authorization: Bearer {token}"]
    listed = programs.run(program, "--cli", *url, "--method", "tools/list", *sent)
    assert PLAIN in listed.stdout, listed.stderr
    call = ["--method", "tools/call", "--tool-name", PLAIN]
    called = programs.run(program, "--cli", *url, *call, *sent)
    assert "stripe-api-key" in called.stdout, called.stderr
    fact(clients, "MCP Inspector (command line)", NPM[package], "token, list, tool call")


def test_mcp_remote(server: str, token: str, programs: Programs, clients: Table) -> None:
    program = programs.npm("mcp-remote", "mcp-remote")
    command = [str(program), f"{server}/api/mcp", "--header", f"Authorization: Bearer {token}"]
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    calls = [
        ("initialize", hello),
        ("tools/list", {}),
        ("tools/call", {"name": PLAIN, "arguments": {}}),
    ]
    answers = []
    with subprocess.Popen(
        [*command, "--allow-http"],
        env=programs.environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number, (method, params) in enumerate(calls):
            message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            answers.append(process.stdout.readline())
        process.kill()
    assert PLAIN in answers[1]
    assert "stripe-api-key" in answers[2]
    fact(clients, "mcp-remote", NPM["mcp-remote"], "token, list, tool call")


def test_gemini_cli(
    server: str, token: str, programs: Programs, tmp_path: Path, clients: Table
) -> None:
    program = programs.npm("@google/gemini-cli", "gemini")
    remote = {"httpUrl": f"{server}/api/mcp", "headers": {"Authorization": f"Bearer {token}"}}
    (tmp_path / ".gemini").mkdir()
    settings = {"mcpServers": {"vault": remote}, "security": {"folderTrust": {"enabled": False}}}
    (tmp_path / ".gemini" / "settings.json").write_text(json.dumps(settings))
    listed = programs.run(program, "mcp", "list", cwd=tmp_path, HOME=str(tmp_path))
    assert "vault" in listed.stdout + listed.stderr, listed
    assert "Connected" in listed.stdout + listed.stderr, listed
    fact(clients, "Gemini CLI", NPM["@google/gemini-cli"], "token, connection")


def test_opencode(
    server: str, token: str, programs: Programs, tmp_path: Path, clients: Table
) -> None:
    program = programs.npm("opencode-ai", "opencode")
    remote = {
        "type": "remote",
        "url": f"{server}/api/mcp",
        "headers": {"Authorization": f"Bearer {token}"},
        "oauth": False,
    }
    (tmp_path / "opencode.json").write_text(json.dumps({"mcp": {"vault": remote}}))
    listed = programs.run(program, "mcp", "list", cwd=tmp_path, HOME=str(tmp_path))
    assert "connected" in (listed.stdout + listed.stderr).lower(), listed
    fact(clients, "opencode", NPM["opencode-ai"], "token, connection")


def test_codex(server: str, token: str, programs: Programs, tmp_path: Path, clients: Table) -> None:
    program = programs.npm("@openai/codex", "codex")
    own = f'url = "{server}/api/mcp"\nbearer_token_env_var = "TOKEN"\n'
    (tmp_path / "config.toml").write_text(f"[mcp_servers.vault]\n{own}")
    run = {"HOME": str(tmp_path), "CODEX_HOME": str(tmp_path), "TOKEN": token}
    model = Commands([])
    with scripted_api(model) as url:
        settings = codex(url, tmp_path)
        done = programs.run(program, *settings, "go", cwd=tmp_path, MODEL_KEY="none", **run)
    assert "list_credentials" in json.dumps(model.requests), done.stderr[-2000:]
    fact(clients, "Codex CLI", NPM["@openai/codex"], "token, tools offered to the model")


TYPESCRIPT = """
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from
  "@modelcontextprotocol/sdk/client/streamableHttp.js";
const [url, token] = [process.env.URL, process.env.TOKEN];
const client = new Client({ name: "test", version: "1" });
const requestInit = { headers: { Authorization: `Bearer ${token}` } };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
const { tools } = await client.listTools();
const result = await client.callTool({ name: tools[0].name, arguments: { tag: null } });
console.log(tools[0].name, JSON.stringify(result));
process.exit(0);
"""


def test_typescript_sdk(server: str, token: str, programs: Programs, clients: Table) -> None:
    package = "@modelcontextprotocol/sdk"
    place = programs.installed(package)
    (place / "run.mjs").write_text(TYPESCRIPT)
    url = f"{server}/api/mcp"
    done = programs.run("node", place / "run.mjs", cwd=place, URL=url, TOKEN=token)
    assert PLAIN in done.stdout, done.stderr
    assert "stripe-api-key" in done.stdout
    fact(clients, "TypeScript SDK", NPM[package], "token, list, tool call with null")


PYTHON = {
    "fastmcp": """
import asyncio, os
from fastmcp import Client
async def main():
    async with Client(os.environ["URL"], auth=os.environ["TOKEN"]) as client:
        tools = await client.list_tools()
        result = await client.call_tool(tools[0].name, {"tag": None})
        print(tools[0].name, result.structured_content)
asyncio.run(main())
""",
    "langchain-mcp-adapters": """
import asyncio, os
from langchain_mcp_adapters.client import MultiServerMCPClient
async def main():
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    vault = {"transport": "streamable_http", "url": os.environ["URL"], "headers": headers}
    tools = await MultiServerMCPClient({"vault": vault}).get_tools()
    print(tools[0].name, await tools[0].ainvoke({}))
asyncio.run(main())
""",
    "mcp": """
import asyncio, os
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
async def main():
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client(os.environ["URL"], http_client=http)) as client:
            tools = (await client.list_tools()).tools
            result = await client.call_tool(tools[0].name, {"tag": None})
            print(tools[0].name, result.structured_content)
asyncio.run(main())
""",
}


@pytest.mark.parametrize("package", PYTHON)
def test_python_clients(
    server: str, token: str, programs: Programs, clients: Table, package: str
) -> None:
    url = f"{server}/api/mcp"
    done = programs.run(programs.python(package), "-c", PYTHON[package], URL=url, TOKEN=token)
    assert PLAIN in done.stdout, done.stderr[-2000:]
    assert "stripe-api-key" in done.stdout
    name = {"mcp": "Python SDK"}.get(package, package)
    fact(clients, name, PYPI[package], "token, list, tool call")


@pytest.mark.parametrize("name", ["vscode", "cursor-custom", "cursor-three"])
def test_requests_of_editors_are_replayed(server: str, owner: Somebody, name: str) -> None:
    bodies = Path(__file__).parents[1] / "identity" / "registrations.json"
    body = json.loads(bodies.read_text(encoding="utf-8"))[name]
    assert owner.person.pk
    assert httpx2.post(f"{server}/oauth/register", json=body).status_code == 201
