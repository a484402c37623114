"""The real Claude Code and vaultctl, each installed once."""

import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connections

from tests.claude_code.client import VERSION, ClaudeCode, install, missing
from tests.cli.installation import Vaultctl, as_person
from tests.cli.installation import install as install_vaultctl
from tests.people import Somebody


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Installing takes long, so one process runs these tests."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("claude-code"))


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, installed once for these tests: the version they name, else the pinned one."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    version = getattr(request, "param", VERSION)
    return install(tmp_path_factory.mktemp("claude-code"), version)


@pytest.fixture
def claude(program: Path, tmp_path: Path) -> Iterator[ClaudeCode]:
    """The client with an empty home."""
    client = ClaudeCode(program, tmp_path / "home")
    for directory in (client.home / ".claude", client.work):
        directory.mkdir(parents=True)
    yield client
    shutil.rmtree(client.home)


@pytest.fixture(scope="session")
def vaultctl_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """vaultctl from its own wheel."""
    return install_vaultctl(tmp_path_factory.mktemp("vaultctl"))


@pytest.fixture
def vaultctl(
    vaultctl_program: Path, claude: ClaudeCode, server: str, owner: Somebody, tmp_path: Path
) -> Vaultctl:
    """vaultctl of the owner, in the client's home."""
    migration = import_module("identity.migrations.0006_vaultctl")
    with connections["owner"].schema_editor() as editor:
        migration.register(apps, editor)
    return as_person(Vaultctl(vaultctl_program, claude.home, server), owner)
