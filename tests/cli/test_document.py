"""docs/vaultctl.md: every command in it works, and its tables are what the program has."""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from tests.cli.hosts import HOST, reachable_hosts
from tests.cli.installation import PATIENCE, ROOT, Vaultctl, as_person
from tests.people import Somebody, store
from vaultctl import configuration
from vaultctl.__main__ import vaultctl
from vaultctl.exit_codes import MEANINGS

DOCUMENT = (ROOT / "docs" / "vaultctl.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
DATABASE = "postgres://app:correct-horse-7@db.internal:5432/app"
# Installing is what the fixture does, and signing in needs a person with a browser.
ELSEWHERE = ("pip install", "vaultctl login")


def commands() -> list[str]:
    """The lines of the document's blocks."""
    return [line for block in BLOCK.findall(DOCUMENT) for line in block.splitlines()]


def test_every_command_is_understood() -> None:
    """Its options and arguments are those of the program; what it does is tried with `--full`."""
    shown = [line for line in commands() if line.startswith("vaultctl ")]
    for line in shown:
        words = shlex.split(line.partition(" | ")[0].partition(" < ")[0])[1:]
        command = vaultctl.get_command(click.Context(vaultctl), words[0])
        assert command is not None, line
        command.make_context(words[0], words[1:], resilient_parsing=False)
    assert len(shown) > 20


@pytest.mark.full
def test_every_command_works(stranger: Vaultctl, owner: Somebody, tmp_path: Path) -> None:
    store(owner, policy={"destinations": [{"host": HOST}]})
    store(owner, "prod-database-url", type="database-url", value=DATABASE, folderPath="databases")
    stranger.login(owner)
    vaultctl = as_person(stranger, owner, "vault:read", "vault:write", "vault:admin")
    for name in ("report.sh", "count.sh", "bin/claude"):
        program = vaultctl.home / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\ncat > /dev/null\nexit 0\n")
        program.chmod(0o755)
    (vaultctl.home / "new-url").write_text(DATABASE.replace("horse", "pony"))
    with reachable_hosts(tmp_path) as hosts:
        vaultctl.variables |= hosts.variables
        environment = vaultctl.environment
        environment["PATH"] = f"{vaultctl.home}/bin:{environment['PATH']}"
        ran = [line for line in commands() if not line.startswith(ELSEWHERE)]
        for line in ran:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", line],
                cwd=vaultctl.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert done.returncode == 0, (line, done.stdout, done.stderr)
    assert len(ran) > 20
    assert all(line.startswith(("vaultctl ", *ELSEWHERE)) for line in commands())


def test_every_command_is_in_the_document() -> None:
    from vaultctl.__main__ import COMMANDS

    named = set(re.findall(r"vaultctl ([a-z]+)", DOCUMENT))
    assert named >= set(COMMANDS)


def test_the_exit_codes_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| `(\d+)` \| (.+) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(str(int(code)), meaning) for code, meaning in MEANINGS.items()]


def test_the_settings_are_those_of_the_program() -> None:
    known = {
        text
        for name, text in vars(configuration).items()
        if name.isupper() and str(text).startswith("VAULTCTL_")
    }
    assert set(re.findall(r"^\| `(VAULTCTL_[A-Z_]+)` \|", DOCUMENT, re.MULTILINE)) == known
