"""What must hold of the stored rows, checked against the database (docs/invariants.md).

Each check yields what breaks it: ids and numbers, never a value. Invariants of behaviour, such as
I9, I11 and I12, have tests and nothing to see in rows.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Now

from access.tenancy import TenantOwned
from audit.events import Event, Outcome
from audit.models import Entry, Process
from audit.verification import is_genuine
from credentials.envelope import UnsealFailed, unseal
from credentials.models import Rotation, RotationState, Version, VersionState
from foundation.errors import Unavailable
from leases.models import Lease, LeaseState

SETTLED = timedelta(minutes=2)
HELD_SECONDS = 30
CHUNK = 500
COUNTED = (Event.CREDENTIAL_READ, Event.CREDENTIAL_USE_STARTED)

Check = Callable[[UUID], Iterator[str]]


def values_open(tenant_id: UUID) -> Iterator[str]:
    """I1, I6: every kept value opens with the keys that its row names."""
    rows = Version.objects.filter(tenant_id=tenant_id, wrapped_key__isnull=False)
    for version in rows.select_related("tenant_key").iterator(CHUNK):
        try:
            unseal(version)
        except (UnsealFailed, Unavailable):
            yield f"version {version.pk} does not open"


def uses_have_entries(tenant_id: UUID) -> Iterator[str]:
    """I2: a lease was used as often as entries say."""
    entries = _reads(tenant_id).values("lease_id").annotate(count=Count("pk"))
    recorded = dict(entries.values_list("lease_id", "count"))
    for lease in Lease.objects.filter(tenant_id=tenant_id).iterator(CHUNK):
        if lease.uses != recorded.get(lease.pk, 0):
            yield f"lease {lease.pk}: {lease.uses} uses, {recorded.get(lease.pk, 0)} entries"


def reads_are_in_time(tenant_id: UUID) -> Iterator[str]:
    """I3: nothing was read at or after the end of its lease."""
    ends = {
        lease.pk: (lease.max_expires_at, lease.ended_at)
        for lease in Lease.objects.filter(tenant_id=tenant_id).iterator(CHUNK)
    }
    for entry in _reads(tenant_id).iterator(CHUNK):
        assert entry.lease_id is not None  # `_reads` asks for it
        latest, ended = ends.get(entry.lease_id, (None, None))
        if (latest and entry.at >= latest) or (ended and entry.at > ended):
            yield f"entry {entry.pk} is of a read after its lease had ended"


def uses_are_limited(tenant_id: UUID) -> Iterator[str]:
    """I4: no lease was used more often than it allows."""
    over = Lease.objects.filter(tenant_id=tenant_id, max_uses__lt=F("uses"))
    for lease_id in over.values_list("pk", flat=True):
        yield f"lease {lease_id} was used too often"


def versions_are_one(tenant_id: UUID) -> Iterator[str]:
    """I5: one current version and at most one previous one of each credential."""
    versions = Version.objects.filter(tenant_id=tenant_id).values("credential_id")
    counted = versions.annotate(
        current=Count("pk", filter=Q(state=VersionState.CURRENT)),
        previous=Count("pk", filter=Q(state=VersionState.PREVIOUS)),
    )
    for row in counted.exclude(current=1, previous__lte=1):
        yield (
            f"credential {row['credential_id']}: "
            f"{row['current']} current and {row['previous']} previous versions"
        )


def entries_verify(tenant_id: UUID) -> Iterator[str]:
    """I7: every entry carries the MAC of its content."""
    for entry in Entry.objects.filter(tenant_id=tenant_id).iterator(CHUNK):
        if not is_genuine(entry):
            yield f"entry {entry.pk} was changed"


def references_stay_inside(tenant_id: UUID) -> Iterator[str]:
    """I8: no row refers to a row that its tenant cannot see; the transaction names the tenant."""
    del tenant_id
    for model in apps.get_models():
        if issubclass(model, TenantOwned):
            for field in model._meta.concrete_fields:
                target = field.related_model
                if isinstance(target, type) and issubclass(target, TenantOwned):
                    yield from _dangling(model, field, target)


def _dangling(
    model: type[models.Model], field: "models.Field[object, object]", target: type[models.Model]
) -> Iterator[str]:
    targets: models.QuerySet[models.Model] = models.QuerySet(target)
    rows: models.QuerySet[models.Model] = models.QuerySet(model)
    referring = rows.exclude(**{field.attname: None})
    dangling = referring.filter(~Exists(targets.filter(pk=OuterRef(field.attname))))
    for row_id in dangling.values_list("pk", flat=True):
        yield f"{model._meta.db_table} {row_id}: {field.name} is not in its tenant"


def nothing_is_stuck(tenant_id: UUID) -> Iterator[str]:
    """I10: what is over has been recorded within two minutes."""
    before = Now() - SETTLED
    leases = Lease.objects.filter(tenant_id=tenant_id, state=LeaseState.ACTIVE)
    for lease_id in leases.filter(expires_at__lt=before).values_list("pk", flat=True):
        yield f"lease {lease_id} is over and still active"
    rotations = Rotation.objects.filter(tenant_id=tenant_id, state=RotationState.OPEN)
    for rotation_id in rotations.filter(closes_at__lt=before).values_list("pk", flat=True):
        yield f"rotation {rotation_id} is over and still open"


def processes_are_accounted_for() -> Iterator[str]:
    """I2, I10: the end of every process that fell silent is recorded."""
    for process in Process.objects.filter(ended_at=None, seen_at__lt=Now() - SETTLED):
        yield f"{process.kind} process {process.pk} is silent and its end is not recorded"


def no_transaction_is_held() -> Iterator[str]:
    """I13: no connection of ours waits in a transaction for something else than the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = current_user"
            " AND datname = current_database() AND state LIKE 'idle in transaction%%'"
            " AND state_change < clock_timestamp() - make_interval(secs => %s)",
            [HELD_SECONDS],
        )
        for (pid,) in cursor.fetchall():
            yield f"database session {pid} is idle in a transaction"


def _reads(tenant_id: UUID) -> models.QuerySet[Entry]:
    return Entry.objects.filter(
        tenant_id=tenant_id, event__in=COUNTED, outcome=Outcome.OK, lease_id__isnull=False
    )


CHECKS: dict[str, Check] = {
    "I1, I6": values_open,
    "I2": uses_have_entries,
    "I3": reads_are_in_time,
    "I4": uses_are_limited,
    "I5": versions_are_one,
    "I7": entries_verify,
    "I8": references_stay_inside,
    "I10": nothing_is_stuck,
}
INSTALLATION_CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "I2, I10": processes_are_accounted_for,
    "I13": no_transaction_is_held,
}
