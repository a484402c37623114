"""A service account of acme that can authenticate in every way."""

import httpx2
import pytest

from tests.machines import Machine, machine
from tests.people import Somebody


@pytest.fixture
def pipeline(http: httpx2.Client, owner: Somebody) -> Machine:
    """A service account of acme with one secret and one key."""
    return machine(http, owner)
