"""The limits of the table, which development and the tests' settings widen."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.test import override_settings

from foundation.rate_limits import BY_NAME, parse_rates


@contextmanager
def usual_limits() -> Iterator[None]:
    """Every limit as the table has it, while the block runs."""
    limits = {
        name: [(rate.amount, rate.get_expiry()) for rate in parse_rates(BY_NAME[name].rates)]
        for name in settings.IDENTITY_LIMITS
    }
    with override_settings(IDENTITY_LIMITS=limits):
        yield
