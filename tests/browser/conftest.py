"""Every test here drives a real Chromium, and says so when there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import FOUND, SHARED

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; without a Chromium they are skipped with the reason."""
    missing = pytest.mark.skip(reason="no Chromium on this machine: apt-get install chromium")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if FOUND is None:
                item.add_marker(missing)


@pytest.fixture(scope="package", autouse=True)
def shared_chromiums() -> Iterator[None]:
    """Ends the Chromiums that the tests of this folder started."""
    yield
    SHARED.close()
