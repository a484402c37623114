"""`manage.py check_invariants` finds each kind of breach, and nothing where all is well."""

from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from credentials.operations import rotate_credential
from credentials.shapes.rotations import RotateCredential
from leases.invariants import CHECKS, INSTALLATION_CHECKS
from tests.alone import database_url
from tests.people import Somebody, lease, read, store
from tests.storage import owner_sql


def checked() -> tuple[bool, set[str]]:
    """Whether all hold, and the invariants that do not."""
    output = StringIO()
    try:
        call_command("check_invariants", stdout=output)
    except SystemExit as ended:
        assert ended.code == 1
        return False, {
            line.partition(":")[0] for line in output.getvalue().splitlines() if "broken" in line
        }
    return True, set()


@pytest.fixture
def filled(owner: Somebody, outsider: Somebody) -> Somebody:
    """Two tenants with a read each, and an open window."""
    for who in (owner, outsider):
        store(who)
        read(who.agent, lease(who.agent).lease_handle)
    rotate_credential(owner.console, RotateCredential(key="stripe-api-key", generate=True))
    return owner


def test_where_all_is_well_all_hold(filled: Somebody) -> None:
    assert checked() == (True, set())


BREACHES: dict[str, tuple[str, set[str]]] = {
    "a value was changed": (
        "UPDATE credential_version SET sealed = sealed || '\\x00'",
        {"I1, I6"},
    ),
    "a tenant's key is gone": ("UPDATE tenant_key SET wrapped = '\\x00'", {"I1, I6"}),
    "a use without an entry": ("UPDATE lease SET uses = uses + 1", {"I2"}),
    "an entry without a use": ("UPDATE lease SET uses = 0", {"I2"}),
    "a read after the end": (
        (
            "UPDATE lease SET issued_at = now() - interval '2 h', state = 'expired',"
            " expires_at = now() - interval '1 h', max_expires_at = now() - interval '1 h'"
        ),
        {"I3"},
    ),
    "a read after the revocation": (
        "UPDATE lease SET state = 'revoked', ended_at = now() - interval '1 h'",
        {"I3"},
    ),
    "no current version": (
        "UPDATE credential_version SET state = 'retired' WHERE state = 'current'",
        {"I5"},
    ),
    "an entry was changed": (
        "UPDATE audit_entry SET purpose = 'another' WHERE event = 'credential.read'",
        {"I7"},
    ),
    "a lease of another tenant's credential": (
        (
            "UPDATE lease SET credential_id = (SELECT c.id FROM credential c"
            " WHERE c.tenant_id <> lease.tenant_id LIMIT 1)"
        ),
        {"I8"},
    ),
    "an expired lease nobody recorded": (
        (
            "UPDATE lease SET uses = 0, expires_at = now() - interval '3 min'; "
            "DELETE FROM audit_entry WHERE event = 'credential.read'"
        ),
        {"I10"},
    ),
    "an open window nobody closed": (
        "UPDATE rotation SET closes_at = now() - interval '3 min'",
        {"I10"},
    ),
    "a silent process": (
        (
            "INSERT INTO process (id, kind, host, pid, seen_at)"
            " VALUES (gen_random_uuid(), 'web', 'h', 1, now() - interval '3 min')"
        ),
        {"I2, I10"},
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_each_breach_is_found(filled: Somebody, name: str) -> None:
    statement, invariants = BREACHES[name]
    for part in statement.split("; "):
        owner_sql(part)
    assert checked() == (False, invariants)


def test_a_transaction_that_stands_still_is_found(
    filled: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leases.invariants.HELD_SECONDS", 0)
    with psycopg.connect(database_url()) as held:
        held.execute("SELECT 1")
        assert checked() == (False, {"I13"})
    assert checked() == (True, set())


def test_every_check_is_seen_to_fail() -> None:
    """I4 is also a constraint of the table, so that no row can break it."""
    found = set[str]().union(*(invariants for _, invariants in BREACHES.values()))
    assert set(CHECKS) | set(INSTALLATION_CHECKS) == found | {"I4", "I13"}
