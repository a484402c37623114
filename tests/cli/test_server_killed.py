"""The server is killed while a program runs: the next request is refused and nothing is left."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from tests.alone import web_process
from tests.cli.hosts import Hosts, reachable_hosts
from tests.cli.installation import PATIENCE, Vaultctl, as_person, ended, everything_below
from tests.cli.test_run import LONGEST_LEFT, leases, wait_until_gone
from tests.cli.test_run_proxy import RUN, keep, python
from tests.people import CANARY, Somebody

UNREACHABLE = 69


@contextmanager
def installed(
    program: Path, folder: Path, owner: Somebody
) -> Iterator[tuple[Vaultctl, "subprocess.Popen[bytes]", Hosts]]:
    """vaultctl in an empty home, a server of its own, and the hosts that both reach."""
    home = folder / "home"
    home.mkdir()
    redis_url = str(settings.ENVIRONMENT.redis_url)
    with web_process(redis_url) as (url, server), reachable_hosts(folder) as hosts:
        vaultctl = as_person(Vaultctl(program, home, url), owner)
        vaultctl.variables |= hosts.variables
        yield vaultctl, server, hosts


@pytest.mark.full
@pytest.mark.parametrize("disclosure", ["process", "broker"])
def test_a_killed_server_ends_the_use_of_the_value(
    program: Path, tmp_path: Path, owner: Somebody, registered: None, disclosure: str
) -> None:
    keep(owner, disclosure)
    with installed(program, tmp_path, owner) as (vaultctl, server, hosts):
        code = "print('ready', flush=True)\nsys.stdin.readline()\ncall()\nsys.exit(6)"
        process = vaultctl.start(*RUN, *python(code), stdin=subprocess.PIPE)
        with ended(process):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            server.kill()
            server.wait(PATIENCE)
            out, err = process.communicate("\n", timeout=PATIENCE)
    assert process.returncode == 6
    assert out.startswith(("403 ", "502 ")), out
    assert "cannot be" in out
    assert hosts.upstream.seen == []
    assert CANARY not in out + err
    assert CANARY.encode() not in everything_below([vaultctl.home])
    (lease,) = leases(owner)
    assert lease.times.seconds <= LONGEST_LEFT
    wait_until_gone()


@pytest.mark.full
@pytest.mark.parametrize("moment", range(15))
@pytest.mark.parametrize("disclosure", ["process", "broker"])
def test_nothing_is_left_of_a_server_killed_at_any_moment(
    program: Path, tmp_path: Path, owner: Somebody, registered: None, disclosure: str, moment: int
) -> None:
    """Before the lease, at the first request, between requests: 30 rounds."""
    keep(owner, disclosure)
    with installed(program, tmp_path, owner) as (vaultctl, server, _):
        code = "import time\nfor _ in range(40):\n    call()\n    time.sleep(0.1)\nsys.exit(6)"
        process = vaultctl.start(*RUN, *python(code))
        with ended(process):
            time.sleep(0.2 * moment)
            server.kill()
            server.wait(PATIENCE)
            out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in {UNREACHABLE, 6}, err
    assert CANARY not in out + err
    assert CANARY.encode() not in everything_below([vaultctl.home])
    assert all(lease.times.seconds <= LONGEST_LEFT for lease in leases(owner))
    wait_until_gone()
