"""`vaultctl run -c`: the program has a placeholder, the host gets the value, the lease decides."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit_trail import trail
from tests.cli.hosts import HOST, OTHER, Hosts, reachable_hosts
from tests.cli.installation import PATIENCE, Vaultctl, ended, everything_below
from tests.people import CANARY, PURPOSE, Somebody, store

DENIED = 77
RUN = ("run", "--quiet", "--purpose", PURPOSE, "-c", "stripe-api-key=KEY", "--")
# A program as people write them: it knows its variable and nothing of Vault.
CALL = f"""
import os, sys, urllib.request, urllib.error
def call(host="{HOST}", path="/echo"):
    headers = {{"Authorization": "Bearer " + os.environ["KEY"]}}
    request = urllib.request.Request("https://" + host + path, headers=headers)
    try:
        print(urllib.request.urlopen(request, timeout=30).read().decode(), flush=True)
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode(), flush=True)
"""


@pytest.fixture
def hosts(tmp_path: Path, vaultctl: Vaultctl) -> Iterator[Hosts]:
    """The hosts, known to vaultctl."""
    with reachable_hosts(tmp_path) as found:
        vaultctl.variables |= found.variables
        yield found


def keep(owner: Somebody, disclosure: str = "process", **more: object) -> None:
    """A credential that may be sent to the host."""
    policy = {"disclosure": disclosure, "destinations": [{"host": HOST}], **more}
    store(owner, policy=policy)


def python(code: str) -> tuple[str, ...]:
    """The program."""
    return (sys.executable, "-c", CALL + code)


@pytest.mark.parametrize("disclosure", ["model", "process"])
def test_the_host_gets_the_value_and_the_program_a_placeholder(
    vaultctl: Vaultctl, owner: Somebody, hosts: Hosts, disclosure: str
) -> None:
    keep(owner, disclosure)
    out = vaultctl.good(*RUN, *python("print(os.environ['KEY']); call()"))
    assert out.startswith("vlt_placeholder_")
    assert hosts.upstream.last.headers["Authorization"] == f"Bearer {CANARY}"
    assert CANARY not in out
    assert CANARY.encode().hex() not in out
    assert "[redacted]" in out
    assert CANARY.encode() not in everything_below([vaultctl.home])


def test_what_happens_is_said_before(vaultctl: Vaultctl, owner: Somebody, hosts: Hosts) -> None:
    keep(owner)
    done = vaultctl.run("run", *RUN[2:], "true")
    assert "KEY is a placeholder" in done.stderr
    assert HOST in done.stderr


def test_another_host_gets_the_placeholder(
    vaultctl: Vaultctl, owner: Somebody, hosts: Hosts
) -> None:
    keep(owner)
    vaultctl.good(*RUN, *python(f"call(host={OTHER!r})"))
    assert hosts.other.last.headers["Authorization"].startswith("Bearer vlt_placeholder_")


def test_a_revoked_lease_ends_the_next_request(
    vaultctl: Vaultctl, owner: Somebody, hosts: Hosts
) -> None:
    keep(owner)
    process = vaultctl.start(
        *RUN, *python("call()\nsys.stdin.readline()\ncall()"), stdin=subprocess.PIPE
    )
    with ended(process):
        assert process.stdout is not None
        assert "redacted" in process.stdout.readline()
        assert vaultctl.data("revoke", "--key", "stripe-api-key") == {"revoked": 1}
        out, _ = process.communicate("\n", timeout=PATIENCE)
    assert out.startswith("403 ")
    assert "The lease is revoked." in out
    assert len(hosts.upstream.seen) == 1


def test_the_programs_tools_find_the_proxy(
    vaultctl: Vaultctl, owner: Somebody, hosts: Hosts
) -> None:
    keep(owner)
    command = f'curl -sS -H "Authorization: Bearer $KEY" https://{HOST}/echo'
    out = vaultctl.good(*RUN, "sh", "-c", command)
    assert hosts.upstream.last.headers["Authorization"] == f"Bearer {CANARY}"
    assert "redacted" in json.loads(out)["raw"]


def test_the_entries_name_the_program(vaultctl: Vaultctl, owner: Somebody, hosts: Hosts) -> None:
    keep(owner)
    vaultctl.good(*RUN, *python("call()"))
    (read,) = trail(owner.console.tenant_id, event="credential.read")
    assert read.claimed["userAgent"].endswith(f"(run {Path(sys.executable).name})")
    assert read.purpose == PURPOSE


def agent(vaultctl: Vaultctl, name: str = "claude") -> Path:
    """A program with an agent's name, which prints how it was started."""
    program = vaultctl.home / name
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nenv\n')
    program.chmod(0o755)
    return program


def test_around_an_agent_there_is_only_a_placeholder(
    vaultctl: Vaultctl, owner: Somebody, hosts: Hosts
) -> None:
    keep(owner)
    out = vaultctl.good(*RUN, str(agent(vaultctl)), "-p", "go")
    words = out.splitlines()
    settings = json.loads(words[words.index("--settings") + 1])
    assert any("vaultctl" in rule for rule in settings["permissions"]["deny"])
    assert words[words.index("--settings") + 2 :][:2] == ["-p", "go"]
    assert CANARY not in out
    assert "VAULTCTL_TOKEN_FILE" not in out
    for way in ("--env", "--file"):
        refused = vaultctl.run(*RUN[:4], way, "stripe-api-key", "--", str(agent(vaultctl, "codex")))
        assert refused.returncode == DENIED
        assert "-c stripe-api-key=STRIPE_API_KEY" in refused.stderr


def test_inside_an_agent_a_value_is_not_printed(
    vaultctl: Vaultctl, owner: Somebody, hosts: Hosts
) -> None:
    keep(owner)
    for command in (
        ("read", "stripe-api-key", "--purpose", PURPOSE),
        ("run", "--purpose", PURPOSE, "--env", "stripe-api-key", "--", "printenv"),
    ):
        done = vaultctl.run(*command, CLAUDECODE="1")
        assert done.returncode == DENIED
        assert "Claude Code" in done.stderr
        assert "-c stripe-api-key" in done.stderr


def test_a_broker_credential_is_given_to_no_program(
    vaultctl: Vaultctl, owner: Somebody, hosts: Hosts
) -> None:
    keep(owner, "broker")
    for way in ("--env", "--file"):
        done = vaultctl.run(*RUN[:4], way, "stripe-api-key", "--", "printenv")
        assert done.returncode == DENIED
        assert "-c stripe-api-key=STRIPE_API_KEY" in done.stderr
    read = vaultctl.run("read", "stripe-api-key", "--purpose", PURPOSE)
    assert read.returncode == DENIED
    assert CANARY not in read.stdout + read.stderr
