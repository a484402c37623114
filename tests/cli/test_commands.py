"""What people and pipelines do with credentials and leases, command by command."""

import json
import os
import pty
import stat
import subprocess
import time

from access.tenancy import tenant_transaction
from credentials.operations import store_requested_credential
from credentials.shapes.credential_requests import StoreRequestedCredential
from leases.models import Lease, LeaseState
from tests.cli.installation import PATIENCE, Vaultctl, as_person, ended, everything_below
from tests.leases.asking import decide
from tests.people import CANARY, PURPOSE, Somebody, grant, store

USAGE, REJECTED, NOT_FOUND, UNAVAILABLE, LEASE_OVER, LATER, DENIED = 2, 65, 66, 69, 72, 75, 77


def live_leases(owner: Somebody) -> int:
    with tenant_transaction(owner.console.tenant_id):
        return Lease.objects.of(owner.console).filter(state=LeaseState.ACTIVE).count()


def test_credentials_are_listed_found_and_described(vaultctl: Vaultctl, owner: Somebody) -> None:
    store(owner, description="charges customers")
    store(owner, "database", folderPath="", tags=["postgres"])
    assert {one["key"] for one in vaultctl.data("ls")["credentials"]} == {
        "stripe-api-key",
        "database",
    }
    assert vaultctl.data("ls", "stripe")["credentials"][0]["key"] == "stripe-api-key"
    assert vaultctl.data("ls", "--tag", "postgres")["credentials"][0]["key"] == "database"
    assert vaultctl.data("ls", "")["folders"] == ["stripe"]
    assert "charges customers" in vaultctl.good("ls")
    assert vaultctl.data("search", "strip")["credentials"][0]["key"] == "stripe-api-key"
    shown = vaultctl.good("show", "stripe-api-key")
    assert "api-key" in shown
    assert CANARY not in shown
    assert vaultctl.run("show", "nothing").returncode == NOT_FOUND


def test_a_value_goes_to_a_pipe_or_a_private_file(vaultctl: Vaultctl, owner: Somebody) -> None:
    store(owner)
    assert vaultctl.good("read", "stripe-api-key", "--purpose", PURPOSE) == CANARY
    vaultctl.good("read", "stripe-api-key", "--purpose", PURPOSE, "-o", "value")
    file = vaultctl.home / "value"
    assert file.read_text() == CANARY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = vaultctl.data("read", "stripe-api-key", "--purpose", PURPOSE)
    assert (read["value"], read["version"]) == (CANARY, 1)
    assert live_leases(owner) == 0


def test_a_value_is_not_shown_on_a_terminal_unless_asked_for(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    store(owner)
    assert CANARY not in on_terminal(vaultctl, "read", "stripe-api-key", "--purpose", PURPOSE)
    assert CANARY not in on_terminal(vaultctl, "lease", "stripe-api-key", "--purpose", PURPOSE)
    shown = on_terminal(vaultctl, "read", "stripe-api-key", "--purpose", PURPOSE, "--reveal")
    assert CANARY in shown


def on_terminal(vaultctl: Vaultctl, *arguments: str) -> str:
    """What a command writes where a person sits."""
    ours, theirs = pty.openpty()
    process = vaultctl.start(*arguments, stdout=theirs, stderr=theirs)
    os.close(theirs)
    heard = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        heard += chunk
    os.close(ours)
    process.wait(PATIENCE)
    return heard.decode()


def test_a_handle_is_kept_in_a_file_and_redeemed_from_it(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    store(owner)
    vaultctl.good("lease", "stripe-api-key", "--purpose", PURPOSE, "--ttl", "5m", "-o", "handle")
    handle = (vaultctl.home / "handle").read_text().strip()
    assert stat.S_IMODE((vaultctl.home / "handle").stat().st_mode) == 0o600
    assert vaultctl.good("read", "--handle", "handle") == CANARY
    assert vaultctl.good("read", "--handle", "-", send=handle) == CANARY
    (held,) = vaultctl.data("leases")["leases"]
    assert (held["key"], held["purpose"], held["uses"]) == ("stripe-api-key", PURPOSE, 2)
    assert handle not in vaultctl.good("leases")
    vaultctl.good("revoke", "--handle", "handle")
    assert vaultctl.run("read", "--handle", "handle").returncode == LEASE_OVER
    assert vaultctl.data("leases")["leases"] == []


def test_leases_are_ended_by_id_and_all_together(vaultctl: Vaultctl, owner: Somebody) -> None:
    store(owner)
    taken = vaultctl.data("lease", "stripe-api-key", "--purpose", PURPOSE)
    vaultctl.good("revoke", taken["leaseId"])
    assert vaultctl.data("leases", "--any-state")["leases"][0]["state"] == "revoked"
    for _ in range(2):
        vaultctl.data("lease", "stripe-api-key", "--purpose", PURPOSE)
    assert vaultctl.data("revoke", "--key", "stripe-api-key") == {"revoked": 2}
    assert vaultctl.run("revoke").returncode == USAGE


def test_rotating_takes_the_value_from_a_pipe_a_file_or_the_generator(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    store(owner)
    rotate = ("rotate", "stripe-api-key", "--window", "0s")
    vaultctl.good(*rotate, "--value-file", "-", send="sk_live_second\n")
    assert vaultctl.good("read", "stripe-api-key", "--purpose", PURPOSE) == "sk_live_second"
    (vaultctl.home / "new").write_text("sk_live_third")
    vaultctl.good(*rotate, "--value-file", "new")
    assert vaultctl.good("read", "stripe-api-key", "--purpose", PURPOSE) == "sk_live_third"
    done = json.loads(vaultctl.good(*rotate, "--generate", "--length", "40", "--json"))
    assert (done["previousVersion"], done["currentVersion"]) == (3, 4)
    assert len(vaultctl.good("read", "stripe-api-key", "--purpose", PURPOSE)) == 40
    assert CANARY.encode() not in everything_below([vaultctl.home])


def test_a_missing_credential_is_asked_for_and_waited_for(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    words = ("request", "mailgun-key", "--type", "api-key", "--folder", "mail", "--reason", PURPOSE)
    asked = vaultctl.data(*words)
    assert asked["state"] == "waiting"
    assert asked["url"].endswith(f"/approvals/{asked['requestId']}")
    listed = vaultctl.data("request")["credentialRequests"]
    assert [(one["requestId"], one["key"]) for one in listed] == [
        (asked["requestId"], "mailgun-key")
    ]
    assert "mail/mailgun-key" in vaultctl.good("request")
    assert vaultctl.run("request", "--type", "api-key", "--reason", PURPOSE).returncode == USAGE
    process = vaultctl.start(*words, "--wait")
    with ended(process):
        assert process.stderr is not None
        assert asked["url"] in process.stderr.readline()
        given = {"key": "mailgun-key", "type": "api-key", "value": CANARY, "folderPath": "mail"}
        given["requestId"] = asked["requestId"]
        store_requested_credential(owner.console, StoreRequestedCredential.parse(given))
        out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "it exists" in out) == (0, True)
    other = vaultctl.data("request", "other-key", "--type", "api-key", "--reason", PURPOSE)
    vaultctl.good("request", "--withdraw", other["requestId"])


def test_access_is_asked_for_listed_and_withdrawn(
    vaultctl: Vaultctl, owner: Somebody, member: Somebody
) -> None:
    store(owner)
    as_person(vaultctl, member)
    refused = vaultctl.run("read", "stripe-api-key", "--purpose", PURPOSE)
    assert refused.returncode == DENIED
    asked = vaultctl.data("request", "stripe-api-key", "--reason", "to see the charges")
    assert asked["state"] == "waiting"
    assert vaultctl.data("request")["requests"][0]["requestId"] == asked["requestId"]
    vaultctl.good("request", "--withdraw", asked["requestId"])
    assert vaultctl.data("request")["requests"][0]["state"] == "withdrawn"


def test_a_lease_that_needs_approval_waits_or_ends_at_once(
    vaultctl: Vaultctl, owner: Somebody, member: Somebody
) -> None:
    store(owner, policy={"approval": "required"})
    grant(owner, member, "user", key="stripe-api-key")
    as_person(vaultctl, member)
    read = ("read", "stripe-api-key", "--purpose", PURPOSE)
    at_once = vaultctl.run(*read, "--no-wait")
    assert at_once.returncode == LATER
    assert "/approvals/" in at_once.stderr
    waiting = vaultctl.start(*read)
    assert waiting.stderr is not None
    line = waiting.stderr.readline()
    assert "waits for approval at" in line
    decide(owner.console, line.rpartition("/approvals/")[2].strip(), approve=True)
    out, _ = waiting.communicate(timeout=PATIENCE)
    assert out == CANARY


def test_the_audit_log_is_followed(stranger: Vaultctl, owner: Somebody) -> None:
    vaultctl = as_person(stranger, owner, "vault:admin")
    store(owner)
    lines = vaultctl.good("audit", "tail", "--key", "stripe-api-key").splitlines()
    assert "credential.created" in lines[-1]
    following = vaultctl.start("audit", "tail", "-f", "--json", "--event", "credential.read")
    time.sleep(1)  # it has begun to follow, or shows the entry among the newest
    vaultctl.good("read", "stripe-api-key", "--purpose", PURPOSE)
    assert following.stdout is not None
    entry = json.loads(following.stdout.readline())
    following.send_signal(2)
    following.communicate(timeout=PATIENCE)
    assert entry["event"] == "credential.read"
    assert entry["claimed"]["userAgent"].endswith("(read)")


def test_nothing_secret_is_an_argument_or_is_left_behind(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    store(owner)
    vaultctl.good("read", "stripe-api-key", "--purpose", PURPOSE)
    assert CANARY.encode() not in everything_below([vaultctl.home])


def test_a_server_that_is_away_is_said_in_one_line(vaultctl: Vaultctl) -> None:
    done = vaultctl.run("ls", "--url", "http://127.0.0.1:9")
    assert done.returncode == UNAVAILABLE
    assert "Traceback" not in done.stderr
    assert "cannot be reached" in done.stderr


def test_doctor_says_what_is_wrong(vaultctl: Vaultctl) -> None:
    good = vaultctl.run("doctor", "--json")
    assert good.returncode == 0, good.stdout
    bad = vaultctl.run("doctor", VAULTCTL_URL="http://127.0.0.1:9")
    assert bad.returncode == 1
    assert "problem" in bad.stdout


def test_completion_scripts_are_printed(stranger: Vaultctl) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_VAULTCTL_COMPLETE" in stranger.good("completion", shell)
    script = stranger.home / "completion"
    script.write_text(stranger.good("completion", "bash"))
    done = subprocess.run(["bash", "-n", script], check=False)
    assert done.returncode == 0
    words = {"COMP_WORDS": "vaultctl re", "COMP_CWORD": "1"}
    offered = stranger.run(_VAULTCTL_COMPLETE="bash_complete", **words).stdout
    assert {"plain,read", "plain,revoke", "plain,request"} <= set(offered.split())


def test_connecting_claude_prints_the_commands_of_the_readme(stranger: Vaultctl) -> None:
    (add, login) = stranger.data("connect", "claude", "--print")["commands"]
    assert f"--transport http vault {stranger.url}/api/mcp --callback-port 8123" in add
    assert login == "claude mcp login vault"


def test_every_command_explains_itself(stranger: Vaultctl) -> None:
    from vaultctl.__main__ import COMMANDS

    for name in COMMANDS:
        assert "Usage: vaultctl" in stranger.good(name, "--help")
