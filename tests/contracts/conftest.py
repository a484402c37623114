"""What several contracts look through."""

import logging
from collections.abc import Iterator

import pytest
from celery.signals import before_task_publish
from django.core import mail

from tests.contracts.everything import Everything, Listening


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
