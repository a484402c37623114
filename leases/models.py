"""Leases: a secret lent to one person through one client, for a time and a purpose."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from access.actor import Actor
from access.tenancy import TenantOwned, TenantQuerySet
from credentials.models import Credential, Version
from foundation.db.clock import DatabaseClock
from tenants.models import Person, ServiceAccount, Tenant


class LeaseState(models.TextChoices):
    """pending_approval → active → consumed | expired | revoked; also denied and withdrawn.

    Terminal states are final. `expires_at` decides whether a lease has expired; the stored state
    only makes lists quick.
    """

    PENDING_APPROVAL = "pending_approval"
    ACTIVE = "active"
    CONSUMED = "consumed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


# Leases that can be read now, by the database's clock (I3).
LIVE = Q(state=LeaseState.ACTIVE, expires_at__gt=DatabaseClock())


def held_by(actor: Actor) -> Q:
    """The condition for leases that the acting person or service account holds."""
    if actor.service_account_id is not None:
        return Q(service_account_id=actor.service_account_id)
    return Q(person_id=actor.person)


class LeaseQuerySet(TenantQuerySet["Lease"]):
    """Leases by the conditions that several places share."""

    def live(self) -> Self:
        """Those that can be read now."""
        return self.filter(LIVE)

    def of_holder(self, actor: Actor) -> Self:
        """Those that the acting person or service account holds."""
        return self.filter(held_by(actor))

    def on(self, credential_id: UUID) -> Self:
        """Those on a credential."""
        return self.filter(credential_id=credential_id)

    def with_names(self) -> Self:
        """With everything that an answer names but the agents, which are read once per list."""
        return self.select_related(
            "credential__folder", "version", "person", "service_account", "decided_by"
        )


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """When a lease was issued, when it ends, and the latest end that renewing may give it."""

    issued_at: datetime
    expires_at: datetime
    max_expires_at: datetime

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return round((self.expires_at - self.issued_at).total_seconds())


LeaseManager = models.Manager.from_queryset(LeaseQuerySet)


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

    objects: ClassVar["LeaseManager[Lease]"] = LeaseManager()

    @property
    def holder_id(self) -> UUID:
        """The person or the service account that it was lent to."""
        holder = self.person_id or self.service_account_id
        assert holder is not None
        return holder

    @property
    def holder_name(self) -> str:
        """The name by which people know the holder: an e-mail or a service account's name."""
        if self.person is not None:
            return self.person.email
        assert self.service_account is not None
        return self.service_account.name

    @property
    def times(self) -> LeaseTimes:
        """The times of a lease that was issued; a constraint of the table guarantees them."""
        assert self.issued_at is not None
        assert self.expires_at is not None
        assert self.max_expires_at is not None
        return LeaseTimes(self.issued_at, self.expires_at, self.max_expires_at)

    @property
    def uses_left(self) -> int | None:
        """None when uses are not counted."""
        return None if self.max_uses is None else self.max_uses - self.uses

    def is_held_by(self, actor: Actor) -> bool:
        """Whether the actor is its holder; the system holds none."""
        return self.holder_id == (actor.service_account_id or actor.person_id)

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
