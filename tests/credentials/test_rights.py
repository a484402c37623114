"""Who may see what is one rule written twice: for one credential and for lists."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.levels import Level
from access.tenancy import tenant_transaction
from credentials.models import Credential
from credentials.permissions import Permissions
from tests.people import Somebody, store

PATHS = st.lists(st.sampled_from(["a", "b", "a0", "a-b"]), max_size=3).map("/".join)
LEVELS = st.sampled_from(list(Level))


@given(
    base_level=LEVELS,
    folders=st.dictionaries(PATHS, LEVELS, max_size=3),
    directly=st.sets(st.integers(0, 11), max_size=3),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_listed_is_what_is_held(
    many_folders: Somebody, base_level: Level, folders: dict[str, Level], directly: set[int]
) -> None:
    """`Rights.visible` (SQL) and `Rights.on` (Python) are one rule written twice."""
    with tenant_transaction(many_folders.console.tenant_id):
        rows = list(
            Credential.objects.of(many_folders.console).select_related("folder").order_by("key")
        )
        held = Permissions(
            base_level,
            {path: level for path, level in folders.items() if level},
            {rows[number].pk: Level.VIEWER for number in directly},
        )
        visible = set(Credential.objects.of(many_folders.console).filter(held.visible()))

    assert visible == {row for row in rows if held.on(row) >= Level.VIEWER}


@pytest.fixture
def many_folders(owner: Somebody) -> Somebody:
    """Twelve credentials in folders whose names nearly begin alike."""
    paths = ["", "a", "b", "a/a", "a/b", "a0", "a-b", "a/a0", "a0/a", "a/a/a", "a-b/b", "b/a/a-b"]
    for number, path in enumerate(paths):
        store(owner, f"key-{number:02}", folderPath=path)
    return owner
