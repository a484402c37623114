"""What the load generator sends: complete HTTP requests, for Vault and for the controls."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.client.agent import Agent
from devtools.ready_file import RunningInstallation

AGENTS = 4  # one agent alone would soon be over its limit of calls per second
HANDLES = 16
KEY = "stripe-api-key"
PURPOSE = "measure Vault"
TTL = 5


@dataclass(frozen=True)
class Scenario:
    """A name for the report, a file of requests, and the port that they go to."""

    name: str
    requests: Path
    port: int


def write_requests(path: Path, requests: Iterable[bytes]) -> Path:
    """Each request after its length, as `load.c` reads them."""
    path.write_bytes(b"".join(b"%d\n%s" % (len(request), request) for request in requests))
    return path


def http_request(path: str, headers: Mapping[str, str], body: Any) -> bytes:
    """A POST of JSON."""
    content = json.dumps(body, separators=(",", ":")).encode()
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


def connected_agents(running: RunningInstallation) -> list[Agent]:
    """Agents of the demo's owner."""
    owner = running.demo.owner()
    assert owner is not None
    agents = []
    for number in range(AGENTS):
        agent = Agent(running.public_url, running.mcp_url)
        agent.discover()
        agent.register()
        agent.connect(owner, f"bench {number}")
        agents.append(agent)
    return agents


def vault_scenarios(agents: list[Agent], port: int, directory: Path) -> list[Scenario]:
    """The tools that agents call most."""
    handles = [
        (agent, agent.call("vault.lease_credential", key=KEY, purpose=PURPOSE, ttl=86_400))
        for agent in agents
        for _ in range(HANDLES // AGENTS)
    ]
    calls: dict[str, list[tuple[Agent, str, dict[str, Any]]]] = {
        "lease": [
            (agent, "vault.lease_credential", {"key": KEY, "purpose": PURPOSE, "ttl": TTL})
            for agent in agents
        ],
        "read": [
            (agent, "vault.read_credential", {"leaseHandle": lease.content["leaseHandle"]})
            for agent, lease in handles
        ],
        "list": [(agent, "vault.list_credentials", {}) for agent in agents],
        "metadata": [(agent, "vault.get_credential_metadata", {"key": KEY}) for agent in agents],
    }
    return [
        Scenario(name, _tool_calls(directory / name, made, port), port)
        for name, made in calls.items()
    ]


def noop_scenario(agent: Agent, port: int, directory: Path) -> Scenario:
    """The same kind of request for the SDK's tool that does nothing."""
    requests = _tool_calls(directory / "noop", [(agent, "noop", {})], port, path="/mcp")
    return Scenario("SDK no-op", requests, port)


def twin_scenarios(port: int, handle: str, directory: Path) -> list[Scenario]:
    """The plain Django project's views."""
    headers = {"Host": f"localhost:{port}", "Content-Type": "application/json"}
    bodies = {
        "lease": {"key": KEY, "purpose": PURPOSE, "ttl": 86_400},
        "read": {"handle": handle},
    }
    return [
        Scenario(
            f"plain Django {name}",
            write_requests(directory / f"twin-{name}", [http_request(f"/{name}", headers, body)]),
            port,
        )
        for name, body in bodies.items()
    ]


def _tool_calls(
    file: Path, calls: list[tuple[Agent, str, dict[str, Any]]], port: int, path: str = "/api/mcp"
) -> Path:
    requests = []
    for agent, tool, arguments in calls:
        message, headers = agent.tool_request(tool, arguments)
        requests.append(http_request(path, {"Host": f"localhost:{port}", **headers}, message))
    return write_requests(file, requests)
