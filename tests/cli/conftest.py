"""One installation for all tests of vaultctl, and a signed-in owner."""

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connections

from tests.cli.installation import Vaultctl, as_person, install
from tests.people import Somebody


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Installing takes long, so one process runs these tests."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("vaultctl"))


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """vaultctl, installed once."""
    return install(tmp_path_factory.mktemp("vaultctl"))


@pytest.fixture
def registered(database: None) -> None:
    """The client that the migration registers; the database was emptied since."""
    migration = import_module("identity.migrations.0006_vaultctl")
    with connections["owner"].schema_editor() as editor:
        migration.register(apps, editor)


@pytest.fixture
def stranger(program: Path, tmp_path: Path, server: str, registered: None) -> Vaultctl:
    """vaultctl where nobody signed in."""
    home = tmp_path / "home"
    home.mkdir()
    return Vaultctl(program, home, server)


@pytest.fixture
def signed_in(stranger: Vaultctl, owner: Somebody) -> Vaultctl:
    """vaultctl of the owner, signed in with the browser."""
    stranger.login(owner)
    return stranger


@pytest.fixture
def vaultctl(stranger: Vaultctl, owner: Somebody) -> Vaultctl:
    """vaultctl of the owner, with a personal token: quicker than signing in."""
    return as_person(stranger, owner)
