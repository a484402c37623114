"""The OpenAPI document is clean for two linters."""

import json
from pathlib import Path

import pytest

from restapi.openapi import document
from tests.clients.programs import Programs

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]
# The address is the installation's own; an object of one fixed kind is described as a choice.
REDOCLY = """
extends: [recommended]
rules:
  no-server-example.com: off
  no-illogical-composition-keywords: off
"""
# Each operation has a summary, which says what a description would.
SPECTRAL = "extends: ['spectral:oas']\nrules:\n  operation-description: off\n"


@pytest.fixture
def openapi(tmp_path: Path) -> Path:
    """The document as a file."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document(), indent=1))
    return path


def test_redocly_finds_nothing(programs: Programs, openapi: Path) -> None:
    (openapi.parent / "redocly.yaml").write_text(REDOCLY)
    program = programs.npm("@redocly/cli", "redocly")
    done = programs.run(program, "lint", openapi, "--format", "json", cwd=openapi.parent)
    found = json.loads(done.stdout)
    assert found["problems"] == [], found["problems"][:3]


def test_spectral_finds_nothing(programs: Programs, openapi: Path) -> None:
    (openapi.parent / "rules.yaml").write_text(SPECTRAL)
    program = programs.npm("@stoplight/spectral-cli", "spectral")
    rules = openapi.parent / "rules.yaml"
    done = programs.run(program, "lint", openapi, "-r", rules, "-F", "hint", "-f", "text")
    assert done.returncode == 0, done.stdout
