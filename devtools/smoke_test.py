"""The self-check over real HTTP: lease, read, expiry by the worker, refusal, audit."""

import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from devtools.client.agent import NAME, Agent
from devtools.exit_codes import LaunchError
from devtools.health import read_health
from devtools.ready_file import Person, RunningInstallation

KEY = "stripe-api-key"
TTL = "2s"
EXPIRY_SECONDS = 30
POLL_SECONDS = 0.5

Say = Callable[[str], None]
Watch = Callable[[], None]


def run_self_check(running: RunningInstallation, say: Say, watch: Watch) -> None:
    """Acts as an agent of the demo tenant's owner. Raises LaunchError when it fails.

    `watch` raises LaunchError when a process is known to have ended.
    """
    person = running.demo.owner()
    if person is None:
        raise LaunchError("the self-check needs the demo people")
    purpose = f"self-check {secrets.token_hex(4)}"
    with Agent(running.public_url, running.mcp_url) as agent:
        agent.discover()
        agent.register()
        agent.connect(person)
        say(f"agent registered, {person.email} signed in and consented")
        lease = _lease_and_read(agent, purpose)
        say(f"leased {KEY} for {TTL} over MCP and read it")
        waited = _await_expiry(agent, lease, watch, running.public_url)
        _require_refusal(agent, lease)
        say(
            f"expired by the worker {waited:.1f} s after its end; reading is refused: lease/expired"
        )
        _require_audit(agent, person, purpose)
        say(f"the audit log names {person.email}, the agent {NAME} and the purpose")
        agent.disconnect()


def _lease_and_read(agent: Agent, purpose: str) -> dict[str, Any]:
    listed = _answered(agent, "vault.list_credentials", recursive=True)
    if KEY not in [item["key"] for item in listed["credentials"]]:
        raise LaunchError(f"{KEY} is not among the listed credentials")
    lease = _answered(agent, "vault.lease_credential", key=KEY, purpose=purpose, ttl=TTL)
    read = _answered(agent, "vault.read_credential", leaseHandle=lease["leaseHandle"])
    if read["key"] != KEY or not read["value"]:
        raise LaunchError(f"vault.read_credential did not answer the value of {KEY}")
    return lease


def _await_expiry(agent: Agent, lease: dict[str, Any], watch: Watch, public_url: str) -> float:
    """Waits for the worker's entry; answers how many seconds after the lease's end it was made."""
    # Entries have the time in whole seconds.
    ends = datetime.fromisoformat(lease["expiresAt"]).replace(microsecond=0)
    deadline = time.monotonic() + EXPIRY_SECONDS
    while time.monotonic() < deadline:
        for entry in _recent_audit(agent):
            entered = datetime.fromisoformat(entry["at"])
            if entry["event"] == "lease.expired" and entered >= ends:
                return (entered - ends).total_seconds()
        watch()
        time.sleep(POLL_SECONDS)
    raise LaunchError(
        f"no lease.expired entry within {EXPIRY_SECONDS} s; {read_health(public_url)}"
    )


def _require_refusal(agent: Agent, lease: dict[str, Any]) -> None:
    answer = agent.call("vault.read_credential", leaseHandle=lease["leaseHandle"])
    if answer.refused != "lease/expired":
        raise LaunchError(f"an expired lease was answered with {answer.refused or 'the value'}")


def _require_audit(agent: Agent, person: Person, purpose: str) -> None:
    entries = [entry for entry in _recent_audit(agent) if entry["purpose"] == purpose]
    for event in ("lease.created", "credential.read"):
        if not any(_attributed(entry, event, person) for entry in entries):
            raise LaunchError(f"the audit log lacks {event} with person, agent and purpose")


def _attributed(entry: dict[str, Any], event: str, person: Person) -> bool:
    expected = {"event": event, "outcome": "ok", "actor": person.email, "agent": NAME}
    return entry.items() >= expected.items()


def _recent_audit(agent: Agent) -> list[dict[str, Any]]:
    metadata = _answered(agent, "vault.get_credential_metadata", key=KEY, auditEntries=20)
    entries: list[dict[str, Any]] = metadata["recentAudit"]
    return entries


def _answered(agent: Agent, tool: str, **arguments: object) -> dict[str, Any]:
    answer = agent.call(tool, **arguments)
    if answer.refused is not None:
        raise LaunchError(f"{tool} was refused: {answer.refused}")
    return answer.content
