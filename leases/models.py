"""Leases: a secret lent to one person through one client, for a time and a purpose."""

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from access.tenancy import TenantOwned
from credentials.models import Credential, Version
from tenants.models import Person, ServiceAccount, Tenant


class LeaseState(models.TextChoices):
    """pending_approval → active → consumed | expired | revoked; also denied and withdrawn.

    Terminal states never leave. `expired` is decided by `expires_at`; the stored state is only a
    cache for lists.
    """

    PENDING_APPROVAL = "pending_approval"
    ACTIVE = "active"
    CONSUMED = "consumed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class Lease(TenantOwned):
    """Fixed at issue: everything but state, uses, expires_at (renewal) and how it ended.

    Its holder is a person or a service account.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    service_account = models.ForeignKey(
        ServiceAccount, null=True, on_delete=models.CASCADE, related_name="+"
    )
    client_id = models.UUIDField(null=True)
    agent_id = models.UUIDField(null=True)
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="leases")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="leases")
    purpose = models.CharField(max_length=500)
    ttl = models.PositiveIntegerField()
    max_uses = models.PositiveIntegerField(null=True)
    uses = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=LeaseState.choices)
    requested_at = models.DateTimeField(db_default=Now())
    issued_at = models.DateTimeField(null=True)
    renewed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    max_expires_at = models.DateTimeField(null=True)
    request_digest = models.BinaryField(null=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    # What a person approved, in seconds: the lease ends after it, renewed or not.
    approved_ttl = models.PositiveIntegerField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=80, blank=True)
    tenant_id: UUID
    person_id: UUID | None
    decided_by_id: UUID | None
    service_account_id: UUID | None
    credential_id: UUID
    version_id: UUID

    @property
    def holder_id(self) -> UUID:
        """The person or the service account that it was lent to."""
        holder = self.person_id or self.service_account_id
        assert holder is not None
        return holder

    class Meta:
        db_table = "lease"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="lease_has_one_holder",
                condition=models.Q(person__isnull=False, service_account__isnull=True)
                | models.Q(person__isnull=True, service_account__isnull=False),
            ),
            models.CheckConstraint(
                name="lease_state", condition=models.Q(state__in=LeaseState.values)
            ),
            models.CheckConstraint(
                name="lease_has_its_times",
                condition=models.Q(state__in=["pending_approval", "denied", "withdrawn"])
                | models.Q(
                    issued_at__isnull=False,
                    expires_at__isnull=False,
                    max_expires_at__isnull=False,
                    expires_at__lte=models.F("max_expires_at"),
                ),
            ),
            models.CheckConstraint(
                name="lease_uses",
                condition=models.Q(max_uses=None) | models.Q(uses__lte=models.F("max_uses")),
            ),
            models.UniqueConstraint(
                fields=["tenant", "request_digest"],
                condition=models.Q(state="pending_approval"),
                name="one_pending_request",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=models.Q(state="active"), name="lease_due"
            ),
            models.Index(
                fields=["credential", "expires_at"],
                condition=models.Q(state="active"),
                name="lease_living_credential",
            ),
            models.Index(
                fields=["person", "expires_at"],
                condition=models.Q(state="active"),
                name="lease_living_person",
            ),
            models.Index(
                fields=["service_account", "expires_at"],
                condition=models.Q(state="active"),
                name="lease_living_service",
            ),
            models.Index(fields=["tenant", "-id"], name="lease_newest"),
        ]
