"""Real clients against the running product, each installed once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.programs import Programs, missing
from tests.clients.tables import Table
from tests.oauth_client import connect
from tests.people import PASSWORD, Somebody, store


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Installing takes long, so one process runs these tests."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("clients"))


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """Where clients are installed."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    return Programs(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="session")
def clients() -> Iterator[Table]:
    """The table of clients, written at the end."""
    table = Table("clients")
    yield table
    table.write()


@pytest.fixture
def token(server: str, owner: Somebody) -> str:
    """An access token of an owner's client that is not Claude Code; there is one credential."""
    store(owner)
    return connect(server, owner.person.email, PASSWORD, agent="A client", name="A client").access
