"""A tenant with something to find."""

import pytest

from tests.credentials.shelves import fill
from tests.people import Somebody


@pytest.fixture
def shelf(owner: Somebody) -> Somebody:
    """The owner of some credentials in some folders."""
    return fill(owner)
