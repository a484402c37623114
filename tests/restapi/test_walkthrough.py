"""The walk-through of docs/rest.md, word for word, and what it leaves where others could look."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest

from foundation.db.ids import parse_public_id
from tests.audit_trail import told, trail
from tests.machines import new_token, value_of
from tests.people import CANARY, Somebody, store

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "rest.md"
CHAPTER = "## From nothing to a value in a pipeline"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TOOLS = ("curl", "python3", "tr", "rm")
# Every program of the walk-through first writes down its arguments, which is what `ps` shows.
SPY = '#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {program} "$@"\n'
# What the last block leaves in a variable.
RESULT = 'printf %s "$STRIPE_API_KEY" > value\n'
PATIENCE = 60


def script() -> str:
    """The code blocks of the chapter, in their order."""
    chapter = DOCUMENT.read_text(encoding="utf-8").partition(CHAPTER)[2].partition("\n## ")[0]
    blocks = BLOCK.findall(chapter)
    assert len(blocks) == chapter.count("```") // 2
    return "\n".join(blocks)


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """A place with programs that write down their arguments."""
    place = tmp_path / "bin"
    place.mkdir()
    for name in TOOLS:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"no {name} on this machine: apt-get install {name}")
        spy = place / name
        spy.write_text(SPY.format(log=shlex.quote(str(tmp_path / "argv")), program=program))
        spy.chmod(0o755)
    return place


def test_the_document_leads_from_nothing_to_a_value(
    http: httpx2.Client, owner: Somebody, tmp_path: Path, watched: Path
) -> None:
    store(owner)
    token = value_of(new_token(owner, scopes=["vault:admin"]))
    work = tmp_path / "work"
    work.mkdir()

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script() + RESULT],
        input=f"{token}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=work,
        timeout=PATIENCE,
        env={"PATH": f"{watched}:{os.environ['PATH']}", "VAULT": str(http.base_url).rstrip("/")},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "revoked\n"
    assert (work / "value").read_text() == CANARY
    _require_nothing_in_the_arguments(work, (tmp_path / "argv").read_text(), token)
    told_of = trail(owner.console.tenant_id, credential_key="stripe-api-key")
    account = parse_public_id("sa", json.loads((work / "grant.json").read_text())["subject"]["id"])
    assert told([one for one in told_of if one.service_account_id == account]) == [
        ("lease.created", "ok"),
        ("credential.read", "ok"),
        ("lease.revoked", "ok"),
    ]


def _require_nothing_in_the_arguments(work: Path, arguments: str, token: str) -> None:
    secret = json.loads((work / "secret.json").read_text())["secret"]
    assert "deploy-4711" in arguments, "nobody looked"
    for told_nobody in (token, secret, CANARY, "Bearer", "vlt_lease_"):
        assert told_nobody not in arguments
    assert sorted(one.name for one in work.iterdir()) == ["grant.json", "secret.json", "value"]
