"""`vaultctl run`: exit code and signals, masked output, and what is left behind."""

import base64
import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from access.tenancy import tenant_transaction
from leases.models import Lease, LeaseState
from tests.audit_trail import trail
from tests.cli.installation import PATIENCE, Vaultctl, as_person, ended, everything_below
from tests.leases.asking import decide
from tests.people import CANARY, PURPOSE, Somebody, grant, store

RUN = ("run", "--purpose", PURPOSE)
DENIED, USAGE, LATER, CANNOT_EXECUTE, NO_PROGRAM = 77, 2, 75, 126, 127
LONGEST_LEFT = 120
MASK = "[redacted]"


def leases(owner: Somebody) -> list[Lease]:
    """All leases of the tenant, oldest first."""
    with tenant_transaction(owner.console.tenant_id):
        return list(Lease.objects.of(owner.console).order_by("id"))


def printing(code: str) -> tuple[str, ...]:
    """A program that prints what a Python expression says about its environment."""
    return ("--", sys.executable, "-c", f"import os, sys, base64; e = os.environ['KEY']; {code}")


def test_the_programs_output_is_masked_and_the_lease_released(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    store(owner)
    done = vaultctl.run(*RUN, "--env", "stripe-api-key", "--", "printenv", "STRIPE_API_KEY")
    assert (done.returncode, done.stdout) == (0, f"{MASK}\n")
    assert "STRIPE_API_KEY" in done.stderr
    assert CANARY not in done.stderr
    assert [lease.state for lease in leases(owner)] == [LeaseState.REVOKED]


@pytest.mark.parametrize(
    "code",
    [
        "print(e)",
        "print(e, file=sys.stderr)",
        "print(base64.b64encode(e.encode()).decode())",
        "print(base64.b64encode(b'x' + e.encode()).decode())",
        "print(e.encode().hex())",
        "[(print(c, end='', flush=True)) for c in e]",
        "sys.stdout.buffer.write(bytes(range(256)) + e.encode() + b'\\xff')",
    ],
)
def test_no_usual_form_of_the_value_passes(vaultctl: Vaultctl, owner: Somebody, code: str) -> None:
    store(owner)
    process = vaultctl.start(*RUN, "--env", "stripe-api-key=KEY", *printing(code), text=False)
    out, err = process.communicate(timeout=PATIENCE)
    raw = CANARY.encode()
    for form in (
        raw,
        base64.b64encode(raw)[:-4],
        base64.b64encode(b"x" + raw)[4:-4],
        raw.hex().encode(),
    ):
        assert form not in out + err
    assert MASK.encode() in out + err


def test_the_value_is_in_the_programs_environment_and_nowhere_else(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    store(owner)
    code = "import os, sys; ok = os.environ['KEY'] == sys.stdin.read(); sys.exit(0 if ok else 9)"
    process = vaultctl.start(
        *RUN, "--env", "stripe-api-key=KEY", "--", sys.executable, "-c", code, stdin=subprocess.PIPE
    )
    with ended(process):
        assert process.stderr is not None
        process.stderr.readline()
        child = child_of(process.pid)
        assert CANARY.encode() in Path(f"/proc/{child}/environ").read_bytes()
        for place in ("environ", "cmdline"):
            assert CANARY.encode() not in Path(f"/proc/{process.pid}/{place}").read_bytes()
        assert CANARY.encode() not in Path(f"/proc/{child}/cmdline").read_bytes()
        process.communicate(CANARY, timeout=PATIENCE)
    assert process.returncode == 0
    assert CANARY.encode() not in everything_below([vaultctl.home])


def test_on_a_terminal_the_program_has_one_and_its_output_is_masked(
    vaultctl: Vaultctl, owner: Somebody
) -> None:
    store(owner)
    code = "test -t 0 && test -t 1 && echo terminal; read line; echo got $line; echo $KEY; exit 3"
    ours, theirs = pty.openpty()
    run = (*RUN, "--env", "stripe-api-key=KEY", "--", "sh", "-c", code)
    process = vaultctl.start(*run, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    with ended(process):
        heard = heard_until(ours, b"terminal")
        os.write(ours, b"hello\r")
        heard += heard_until(ours, MASK.encode())
        assert process.wait(PATIENCE) == 3
    os.close(ours)
    assert b"got hello" in heard
    assert CANARY.encode() not in heard
    assert [lease.state for lease in leases(owner)] == [LeaseState.REVOKED]


@pytest.mark.parametrize("terminal", [True, False])
def test_what_a_program_leaves_behind_does_not_hold_the_run(
    vaultctl: Vaultctl, owner: Somebody, terminal: bool
) -> None:
    store(owner)
    code = "sleep 300 & echo $! > left; exit 4"
    ours, theirs = pty.openpty()
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs} if terminal else {}
    run = (*RUN, "--env", "stripe-api-key=KEY", "--", "sh", "-c", code)
    process = vaultctl.start(*run, **streams)
    with ended(process):
        assert process.wait(PATIENCE) == 4
    os.close(ours)
    os.close(theirs)
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((vaultctl.home / "left").read_text()), signal.SIGKILL)
    assert [lease.state for lease in leases(owner)] == [LeaseState.REVOKED]


def heard_until(terminal: int, word: bytes) -> bytes:
    """What a terminal shows, up to a word."""
    heard = b""
    while word not in heard:
        assert select.select([terminal], [], [], PATIENCE)[0], heard
        heard += os.read(terminal, 65536)
    return heard


def child_of(pid: int) -> int:
    """The program that vaultctl started; waits for it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for found in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in found.read_text().split():
                if b"vaultctl" not in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        time.sleep(0.02)
    raise AssertionError("no program was started")


def test_a_private_file_is_gone_after_the_run(vaultctl: Vaultctl, owner: Somebody) -> None:
    store(owner)
    code = "cat $KEY | wc -c; stat -c %a $KEY; echo $KEY"
    done = vaultctl.run(*RUN, "--file", "stripe-api-key=KEY", "--", "sh", "-c", code)
    size, mode, path = done.stdout.split()
    assert (int(size), mode) == (len(CANARY), "600")
    assert not Path(path).exists()
    assert not Path(path).parent.exists()


def test_the_exit_code_is_passed_on(vaultctl: Vaultctl, owner: Somebody) -> None:
    store(owner)
    run = (*RUN, "--env", "stripe-api-key", "--")
    assert vaultctl.run(*run, "sh", "-c", "exit 7").returncode == 7
    assert vaultctl.run(*run, "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM
    assert vaultctl.run(*run, "no-such-program").returncode == NO_PROGRAM
    assert vaultctl.run(*run, str(vaultctl.home)).returncode == CANNOT_EXECUTE
    assert {lease.state for lease in leases(owner)} == {LeaseState.REVOKED}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT])
def test_signals_are_passed_on(vaultctl: Vaultctl, owner: Somebody, number: int) -> None:
    store(owner)
    code = f"trap 'echo caught; exit 5' {number}; echo ready; while :; do sleep 0.05; done"
    process = vaultctl.start(*RUN, "--env", "stripe-api-key", "--", "sh", "-c", code)
    with ended(process):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (5, "caught\n")
    assert {lease.state for lease in leases(owner)} == {LeaseState.REVOKED}


def test_a_signal_while_it_waits_for_approval_ends_it(
    vaultctl: Vaultctl, owner: Somebody, member: Somebody
) -> None:
    store(owner, policy={"approval": "required"})
    grant(owner, member, "user", key="stripe-api-key")
    as_person(vaultctl, member)
    run = (*RUN, "--quiet", "--env", "stripe-api-key", "--", "printenv", "STRIPE_API_KEY")
    assert vaultctl.run("run", "--no-wait", *run[1:]).returncode == LATER
    process = vaultctl.start(*run)
    assert process.stderr is not None
    assert "waits for approval" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    approved = vaultctl.start(*run)
    assert approved.stderr is not None
    line = approved.stderr.readline()
    decide(owner.console, line.rpartition("/approvals/")[2].strip(), approve=True)
    assert approved.communicate(timeout=PATIENCE)[0] == f"{MASK}\n"


def rounds() -> list[Any]:
    few = [pytest.param(number) for number in range(2)]
    return few + [pytest.param(number, marks=pytest.mark.full) for number in range(2, 30)]


@pytest.mark.parametrize("number", rounds())
@pytest.mark.parametrize("way", ["--env", "--file"])
def test_nothing_outlives_a_kill_for_long(
    vaultctl: Vaultctl, owner: Somebody, way: str, number: int
) -> None:
    """The client is killed at another moment in each round."""
    store(owner)
    process = vaultctl.start(
        *RUN, way, "stripe-api-key=KEY", "--", "sh", "-c", "echo $KEY; sleep 60"
    )
    with ended(process):
        time.sleep(0.15 * number)
        if number % 2:
            assert process.stdout is not None
            process.stdout.readline()
            os.kill(child_of(process.pid), signal.SIGTERM if number % 4 == 1 else signal.SIGKILL)
            process.wait(PATIENCE)
            assert {lease.state for lease in leases(owner)} == {LeaseState.REVOKED}
        process.kill()
    left = [lease for lease in leases(owner) if lease.state == LeaseState.ACTIVE]
    for lease in left:
        assert lease.times.seconds <= LONGEST_LEFT
    assert CANARY.encode() not in everything_below([vaultctl.home])
    wait_until_gone()


def wait_until_gone() -> None:
    """No private directory of a run is left."""
    end = time.monotonic() + PATIENCE
    places = (Path("/dev/shm"), Path(tempfile.gettempdir()))
    while any(any(place.glob("vaultctl-*")) for place in places):
        assert time.monotonic() < end, "a private directory outlived its run"
        time.sleep(0.05)


def test_without_destinations_the_way_on_is_said(vaultctl: Vaultctl, owner: Somebody) -> None:
    store(owner)
    done = vaultctl.run(*RUN, "-c", "stripe-api-key", "--", "true")
    assert done.returncode == DENIED
    assert "--env stripe-api-key=STRIPE_API_KEY" in done.stderr
    assert leases(owner) == []


@pytest.mark.parametrize("variable", ["PATH", "LD_PRELOAD", "HTTPS_PROXY", "1X", "a b", ""])
def test_variables_that_mean_something_else_are_refused(stranger: Vaultctl, variable: str) -> None:
    done = stranger.run(*RUN, "--env", f"stripe-api-key={variable}", "--", "true")
    assert done.returncode == USAGE


def test_the_audit_log_names_the_program(vaultctl: Vaultctl, owner: Somebody) -> None:
    store(owner)
    vaultctl.good(*RUN, "--env", "stripe-api-key", "--", "/bin/true")
    entries = [entry for entry in trail(owner.console.tenant_id) if entry.purpose == PURPOSE]
    assert {entry.event for entry in entries} >= {"lease.created", "credential.read"}
    assert {entry.claimed["userAgent"].partition(" ")[2] for entry in entries} == {"(run true)"}
