"""The limits per person and agent are exact near their end, and cheap far from it (L7)."""

import pytest

from leases import quotas
from leases.operations import release_lease
from leases.shapes import ReleaseLease
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tests.people import Somebody, lease, store
from tests.refusals import code_of


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One element per time that the leases were counted in the database."""
    count, calls = quotas._count, list[object]()

    def noted(*arguments: object) -> object:
        calls.append(arguments)
        return count(*arguments)  # type: ignore[arg-type]

    quotas.memory.clear()
    monkeypatch.setattr(quotas, "_count", noted)
    monkeypatch.setattr(quotas, "COUNTED_SECONDS", 3600.0)
    return calls


def test_from_half_of_a_limit_on_every_lease_is_counted(
    owner: Somebody, counted: list[object]
) -> None:
    store(owner)
    change_settings(owner.console, ChangeSettings(max_leases_per_agent=10))
    for _ in range(5):
        lease(owner.agent)
    assert len(counted) == 1
    for _ in range(5):
        lease(owner.agent)
    assert len(counted) == 6
    assert code_of(lambda: lease(owner.agent)) == "quota/exceeded"


def test_another_credential_is_always_counted(owner: Somebody, counted: list[object]) -> None:
    for key in ("a", "b", "c"):
        store(owner, key)
    change_settings(owner.console, ChangeSettings(max_credentials_per_agent=2))
    first = lease(owner.agent, "a")
    lease(owner.agent, "b")
    lease(owner.agent, "b")
    assert len(counted) == 2
    assert code_of(lambda: lease(owner.agent, "c")) == "quota/exceeded"
    release_lease(owner.agent, ReleaseLease(lease_handle=first.lease_handle))
    lease(owner.agent, "c")


def test_what_is_remembered_is_counted_again_after_a_second(
    owner: Somebody, counted: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(owner)
    lease(owner.agent)
    monkeypatch.setattr(quotas, "COUNTED_SECONDS", -1.0)
    lease(owner.agent)
    assert len(counted) == 2


def test_a_lowered_limit_holds_for_what_the_agent_has_already(
    owner: Somebody, counted: list[object]
) -> None:
    for key in ("a", "b", "c"):
        store(owner, key)
        lease(owner.agent, key)
    lease(owner.agent, "a")
    assert len(counted) == 3
    change_settings(owner.console, ChangeSettings(max_credentials_per_agent=2))
    assert code_of(lambda: lease(owner.agent, "a")) == "quota/exceeded"
