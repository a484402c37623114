"""`vaultctl connect claude` with the real Claude Code."""

import os
import subprocess

import pytest

from tests.claude_code.client import ClaudeCode
from tests.cli.installation import PATIENCE, Vaultctl

pytestmark = [pytest.mark.claude_code, pytest.mark.timeout(420)]


def test_vaultctl_adds_the_server_and_adds_it_again(claude: ClaudeCode, vaultctl: Vaultctl) -> None:
    path = os.pathsep.join([str(claude.program.parent), vaultctl.environment["PATH"]])
    for _ in range(2):
        done = subprocess.run(
            [vaultctl.program, "connect", "claude"],
            cwd=claude.work,
            env=vaultctl.environment | claude.environment | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "Needs authentication" in claude.run("mcp", "list")
    assert f"{vaultctl.url}/api/mcp" in claude.run("mcp", "get", "vault")
