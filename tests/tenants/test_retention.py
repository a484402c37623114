"""Ended leases and delivered mail are deleted when their tenant no longer keeps them."""

import pytest

from access.tenancy import tenant_transaction
from audit.events import Event
from audit.models import Entry
from identity.models import Letter
from identity.sign_in.security_emails import LetterKind, write_letter
from identity.tasks import purge
from leases.models import Lease
from leases.tasks import delete_old_leases
from tenants import retention
from tenants.models import Notice
from tenants.operations import change_settings
from tenants.shapes.tenants import ChangeSettings
from tenants.tasks import delete_old_notices
from tests.people import Somebody, lease, store
from tests.storage import owner_sql
from tests.tenants.test_mail_queue import QUEUES


def end_leases(days: int) -> None:
    """As if all leases had ended so many days ago."""
    owner_sql(
        "UPDATE lease SET state = 'expired', requested_at = now() - make_interval(days => %s),"
        " ended_at = now() - make_interval(days => %s)",
        days,
        days,
    )


def leases_of(who: Somebody) -> int:
    """How many leases the tenant has."""
    with tenant_transaction(who.console.tenant_id):
        return Lease.objects.of(who.console).count()


def deletions(who: Somebody) -> list[tuple[str, int]]:
    """Kind and number of each entry about deleted records."""
    with tenant_transaction(who.console.tenant_id):
        found = Entry.objects.of(who.console).filter(event=Event.TENANT_RECORDS_DELETED)
        return [(entry.details["kind"], entry.details["count"]) for entry in found]


def test_ended_leases_are_kept_for_as_long_as_the_tenant_says(
    owner: Somebody, outsider: Somebody
) -> None:
    for who in (owner, outsider):
        store(who)
        lease(who.agent)
    change_settings(outsider.console, ChangeSettings(retention_days=30))
    end_leases(31)
    delete_old_leases()
    assert (leases_of(owner), leases_of(outsider)) == (1, 0)
    assert (deletions(owner), deletions(outsider)) == ([], [("lease", 1)])
    end_leases(91)
    delete_old_leases()
    assert leases_of(owner) == 0


def test_a_lease_that_runs_or_waits_is_kept(owner: Somebody) -> None:
    store(owner)
    lease(owner.agent)
    owner_sql("UPDATE lease SET requested_at = now() - interval '1 year'")
    delete_old_leases()
    assert leases_of(owner) == 1


def test_more_than_a_batch_is_deleted_in_several_transactions(
    owner: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    store(owner)
    for _ in range(5):
        lease(owner.agent)
    end_leases(365)
    delete_old_leases()
    assert leases_of(owner) == 0
    assert sorted(deletions(owner)) == [("lease", 1), ("lease", 2), ("lease", 2)]


def test_one_run_is_bounded(owner: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    store(owner)
    for _ in range(3):
        lease(owner.agent)
    end_leases(365)
    delete_old_leases()
    assert leases_of(owner) == 1


def test_delivered_mail_is_deleted_and_waiting_mail_is_kept(
    owner: Somebody, member: Somebody
) -> None:
    QUEUES["notices"].fill(owner, member)
    owner_sql("UPDATE notice SET created_at = now() - interval '1 year'")
    delete_old_notices()
    with tenant_transaction(owner.console.tenant_id):
        waiting = Notice.objects.of(owner.console).count()
    assert waiting > 0
    owner_sql("UPDATE notice SET state = 'sent', sent_at = now()")
    delete_old_notices()
    assert deletions(owner) == [("notice", waiting)]


def test_the_purge_deletes_all_in_batches(owner: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        write_letter(owner.person, LetterKind.PASSWORD_CHANGED)
    owner_sql("UPDATE identity_letter SET state = 'sent', sent_at = now() - interval '1 month'")
    purge()
    assert Letter.objects.count() == 0
