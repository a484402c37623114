"""Every entry carries a MAC from its commit on (A5); changing a row breaks it."""

import hmac
from typing import Any

import pytest
from django.db import connections

from access.tenancy import tenant_transaction
from audit.models import Entry
from audit.recording import entry_mac
from tests.people import Somebody, lease, read, store


def story(owner: Somebody) -> list[Entry]:
    """A few entries of different kinds."""
    store(owner)
    read(owner.agent, lease(owner.agent).lease_handle)
    return entries(owner)


def entries(owner: Somebody) -> list[Entry]:
    with tenant_transaction(owner.console.tenant_id):
        return list(Entry.objects.of(owner.console).order_by("at", "pk"))


def holds(entry: Entry) -> bool:
    return hmac.compare_digest(bytes(entry.mac), entry_mac(entry))


def test_every_entry_verifies_as_it_comes_out_of_the_database(owner: Somebody) -> None:
    written = story(owner)
    assert len(written) >= 4
    assert all(holds(entry) for entry in written)
    assert len({bytes(entry.mac) for entry in written}) == len(written)


CHANGES: dict[str, Any] = {
    "at": "2020-01-01T00:00:00Z",
    "event": "credential.updated",
    "outcome": "denied",
    "door": "rest",
    "person_id": "00000000-0000-0000-0000-000000000001",
    "agent_name": "Somebody else",
    "purpose": "something else",
    "credential_key": "another-key",
    "version": 7,
    "lease_id": None,
    "details": '{"added": 1}',
    "claimed": '{"client": "another"}',
    "tenant_id": "00000000-0000-0000-0000-000000000001",
}


@pytest.mark.parametrize("column", sorted(CHANGES))
def test_a_changed_column_breaks_the_mac(owner: Somebody, column: str) -> None:
    disclosure = next(one for one in story(owner) if one.event == "credential.read")
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"UPDATE audit_entry SET {column} = %s WHERE id = %s",
            [CHANGES[column], disclosure.pk],
        )
    changed = Entry.objects.using("owner").get(pk=disclosure.pk)
    assert not holds(changed)
