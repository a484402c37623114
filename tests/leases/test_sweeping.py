"""The worker's sweep: one row that cannot be noted does not hold up those behind it."""

import time
from typing import Any
from uuid import UUID

import pytest

from access.actor import Actor
from access.tenancy import tenant_transaction
from leases import tasks
from leases.models import Lease
from leases.operations import expire_due_lease
from tests.people import Somebody, lease, store


def test_a_row_that_fails_leaves_the_others_their_turn(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store(owner)
    for _ in range(3):
        lease(owner.agent, ttl=1)
    time.sleep(1.1)
    seen: list[UUID] = []

    def stumble(actor: Actor, lease_id: UUID) -> Any:
        seen.append(lease_id)
        if len(seen) == 1:
            raise RuntimeError("CANARY")
        return expire_due_lease(actor, lease_id)

    monkeypatch.setattr(tasks, "expire_due_lease", stumble)
    tasks.expire_due_leases()
    with tenant_transaction(owner.console.tenant_id):
        states = list(Lease.objects.of(owner.console).values_list("state", flat=True))
    assert sorted(states) == ["active", "expired", "expired"]
    assert "RuntimeError" in caplog.text
    assert "CANARY" not in caplog.text
