"""The audit entry: append-only by database privilege, and without foreign keys, so that it outlives
what it describes.
"""

from django.db import models
from django.db.models.functions import Now

from access.actions import Channel
from access.tenancy import TenantOwned
from audit.events import Outcome
from foundation.db.ids import uuid7
from foundation.db.known_values import known_values


class Entry(TenantOwned):
    """Who did what to which object through which channel, and the outcome.

    Person, client and agent are opaque ids; names are kept elsewhere, so that a person can be
    erased. `claimed` is what the client said of itself. No number is assigned under a lock, which
    leaves room for a seal (docs/decisions/0004-audit.md).
    """

    tenant_id = models.UUIDField()
    at = models.DateTimeField()
    event = models.CharField(max_length=40)  # one of audit.events.Event
    outcome = models.CharField(max_length=8, choices=[(o.value, o.value) for o in Outcome])
    door = models.CharField(max_length=8)
    role = models.CharField(max_length=8, blank=True)
    person_id = models.UUIDField(null=True)
    service_account_id = models.UUIDField(null=True)
    client_id = models.UUIDField(null=True)
    agent_id = models.UUIDField(null=True)
    agent_name = models.CharField(max_length=80, blank=True)
    machinery = models.CharField(max_length=80, blank=True)
    token_id = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=500, blank=True)
    credential_id = models.UUIDField(null=True)
    credential_key = models.CharField(max_length=128, blank=True)
    version = models.PositiveIntegerField(null=True)
    lease_id = models.UUIDField(null=True)
    claimed = models.JSONField(default=dict)
    details = models.JSONField(default=dict)
    mac = models.BinaryField()

    class Meta:
        db_table = "audit_entry"
        default_permissions = ()
        constraints = [
            known_values("audit_outcome", "outcome", Outcome),
            known_values("audit_door", "door", Channel),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-at", "-id"], name="audit_newest"),
            models.Index(fields=["tenant_id", "credential_id", "-at"], name="audit_credential"),
            models.Index(fields=["tenant_id", "event", "-at"], name="audit_event"),
            models.Index(fields=["tenant_id", "person_id", "-at"], name="audit_person"),
            models.Index(fields=["tenant_id", "agent_id", "-at"], name="audit_agent"),
            models.Index(
                fields=["tenant_id", "-at"],
                condition=models.Q(outcome="denied"),
                name="audit_denied",
            ),
            models.Index(
                fields=["tenant_id", "-at"],
                condition=models.Q(outcome="failed"),
                name="audit_failed",
            ),
            models.Index(
                fields=["tenant_id", "credential_key", "-at"],
                condition=models.Q(credential_key__gt=""),
                name="audit_key",
            ),
            models.Index(
                fields=["tenant_id", "lease_id", "-at"],
                condition=models.Q(lease_id__isnull=False),
                name="audit_lease",
            ),
            models.Index(
                fields=["tenant_id", "service_account_id", "-at"],
                condition=models.Q(service_account_id__isnull=False),
                name="audit_service_account",
            ),
        ]


PROCESS_KINDS = ("web", "worker")


class Process(models.Model):
    """A web or worker process of the installation; outside row-level security, as it has no tenant.

    `ended_at` is set by the process itself, or by whoever finds that `seen_at` is old.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    kind = models.CharField(max_length=8)
    host = models.CharField(max_length=80)
    pid = models.IntegerField()
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "process"
        default_permissions = ()
        constraints = [known_values("process_kind", "kind", PROCESS_KINDS)]
        indexes = [
            models.Index(
                fields=["seen_at"],
                condition=models.Q(ended_at__isnull=True),
                name="process_running",
            ),
        ]
