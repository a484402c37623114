"""What several contracts look through."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.core import mail
from django.core.cache import cache

from tests.contracts.everything import Everything, Listening
from tests.contracts.full_acme import FullAcme, make_full_acme
from tests.emptying import shared

# The fixtures that keep the database as it is for the next test.
SHARING = ("callers", "full_acme")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something run last: the others would empty the database in between."""
    items.sort(key=_sharing)


def _sharing(item: pytest.Item) -> int:
    names = getattr(item, "fixturenames", ())
    return max((number for number, name in enumerate(SHARING, 1) if name in names), default=0)


@pytest.fixture
def full_acme(django_db_setup: None, django_db_blocker: Any) -> Iterator[FullAcme]:
    """Acme with everything in it, for a test that changes nothing."""
    with django_db_blocker.unblock():
        cache.clear()
        yield shared(make_full_acme)


@pytest.fixture
def everything() -> Iterator[Everything]:
    """Collects; what our code and the libraries log is let through down to DEBUG."""
    seen = Everything()
    root, listening = logging.getLogger(), Listening(seen)
    level = root.level

    def note(body: object = None, headers: object = None, **_: object) -> None:
        seen.tell(body, headers)

    before_task_publish.connect(note)
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    try:
        yield seen
    finally:
        root.setLevel(level)
        root.removeHandler(listening)
        before_task_publish.disconnect(note)
    seen.require_silence(*(f"{one.subject} {one.body}" for one in mail.outbox))
