"""Credentials, their sealed versions, the keys that wrap them, rotation windows and grants."""

from typing import ClassVar, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from access.disclosure import Disclosure
from access.levels import LEVEL_CHOICES
from access.tenancy import TenantOwned, TenantQuerySet
from credentials.types import KINDS
from foundation.db.clock import DatabaseClock
from foundation.db.known_values import known_values
from tenants.models import Group, Person, ServiceAccount, Tenant

KEY_LENGTH = 128
LEVELS = [word for word, _ in LEVEL_CHOICES]


class Folder(TenantOwned):
    """A folder; the root is the row with the empty path."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=8 * (KEY_LENGTH + 1), db_collation="C", blank=True)
    tenant_id: UUID

    class Meta:
        db_table = "folder"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["tenant", "path"], name="one_folder")]


class State(models.TextChoices):
    """`archived` can be undone, `revoked` cannot, `deleted` is a tombstone without values."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    REVOKED = "revoked"
    DELETED = "deleted"


class Credential(TenantOwned):
    """What a secret is and how it may be used; its versions contain the sealed values.

    Durations are seconds; null means the tenant's. `agents` null means any.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="credentials")
    key = models.CharField(max_length=KEY_LENGTH, db_collation="C")
    type = models.CharField(max_length=16, choices=[(kind, kind) for kind in KINDS])
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    description = models.CharField(max_length=1024, blank=True)
    tags = ArrayField(models.CharField(max_length=128), default=list)
    metadata = models.JSONField(default=dict)
    owners = ArrayField(models.UUIDField(), default=list)
    default_ttl = models.PositiveIntegerField(null=True)
    max_ttl = models.PositiveIntegerField(null=True)
    max_active_leases = models.PositiveIntegerField(null=True)
    max_uses = models.PositiveIntegerField(null=True)
    approval = models.CharField(max_length=8, default="none")
    agents = ArrayField(models.UUIDField(), null=True)
    window = models.PositiveIntegerField(null=True)
    rotate_every = models.PositiveIntegerField(null=True)
    # Null means the tenant's default; see credentials/disclosures.py.
    disclosure = models.CharField(max_length=8, null=True)
    # Whether a person may see the value at the console.
    reveal = models.CharField(max_length=8, default="allowed", db_default="allowed")
    # The wire form of `disclosure.destinations`; null: the value is sent nowhere.
    destinations = models.JSONField(null=True)
    on_exposure = models.CharField(max_length=8, default="never")
    search_text = models.TextField(default="")
    # Counts changes, so that an edit based on an older state is refused (RFC 9110 §13.1.1).
    revision = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    tenant_id: UUID
    folder_id: UUID

    class Meta:
        db_table = "credential"
        default_permissions = ()
        constraints = [
            known_values("credential_type", "type", KINDS),
            known_values("credential_state", "state", State.values),
            known_values("credential_disclosure", "disclosure", Disclosure),
            known_values("credential_reveal", "reveal", ["allowed", "never"]),
            known_values("credential_on_exposure", "on_exposure", ["never"]),
            models.UniqueConstraint(
                fields=["tenant", "key"],
                condition=~models.Q(state="deleted"),
                name="one_key_per_tenant",
            ),
            models.CheckConstraint(
                name="credential_approval", condition=models.Q(approval__in=["none", "required"])
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "folder", "key"], name="credential_list"),
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="credential_words"),
            GinIndex(fields=["tags"], name="credential_tags"),
        ]


class KeyState(models.TextChoices):
    """`decrypt-only` keys open what they sealed and seal nothing new."""

    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt-only"
    DESTROYED = "destroyed"


class TenantKey(TenantOwned):
    """A tenant's key-encryption key (KEK), itself wrapped by the root key."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=KeyState.choices, default=KeyState.ACTIVE)
    root_key_id = models.CharField(max_length=64)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    tenant_id: UUID

    class Meta:
        db_table = "tenant_key"
        default_permissions = ()
        constraints = [
            known_values("tenant_key_state", "state", KeyState.values),
            models.UniqueConstraint(fields=["tenant", "number"], name="one_key_number"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="active"), name="one_active_key"
            ),
        ]


class VersionState(models.TextChoices):
    """pending → current → previous → retired → destroyed; nothing goes back."""

    PENDING = "pending"
    CURRENT = "current"
    PREVIOUS = "previous"
    RETIRED = "retired"
    DESTROYED = "destroyed"


class Version(TenantOwned):
    """One sealed value. `sealed` and `wrapped_key` are null once destroyed.

    `tenant_key` wraps the data key now. `sealed_under` did when the value was sealed; the value
    stays bound to it, because re-wrapping does not touch the value.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=VersionState.choices)
    tenant_key = models.ForeignKey(TenantKey, on_delete=models.PROTECT, related_name="versions")
    sealed_under = models.UUIDField()
    wrapped_key = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    extracted = models.JSONField(default=dict)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    destroyed_at = models.DateTimeField(null=True)
    tenant_id: UUID
    credential_id: UUID
    tenant_key_id: UUID

    class Meta:
        db_table = "credential_version"
        default_permissions = ()
        constraints = [
            known_values("version_state", "state", VersionState.values),
            models.UniqueConstraint(fields=["credential", "number"], name="one_version_number"),
            models.UniqueConstraint(
                fields=["credential"], condition=models.Q(state="current"), name="one_current"
            ),
            models.UniqueConstraint(
                fields=["credential"], condition=models.Q(state="previous"), name="one_previous"
            ),
            models.CheckConstraint(
                name="destroyed_is_empty",
                condition=models.Q(state="destroyed", sealed=None, wrapped_key=None)
                | (
                    ~models.Q(state="destroyed")
                    & models.Q(sealed__isnull=False, wrapped_key__isnull=False)
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant_key", "id"],
                condition=models.Q(wrapped_key__isnull=False),
                name="version_wrapped_by",
            )
        ]


class RotationState(models.TextChoices):
    """pending → open → closed or rolled_back; aborted before promotion."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"


class RotationQuerySet(TenantQuerySet["Rotation"]):
    """Rotations by whether their window is open."""

    def open(self) -> Self:
        """Those in whose window the previous value is readable now, by the database's clock.

        A window that is over stays in the state `open` until the worker closes it.
        """
        return self.filter(state=RotationState.OPEN, closes_at__gt=DatabaseClock())

    def with_versions(self) -> Self:
        """With everything that an answer names."""
        return self.select_related("credential", "previous", "current")


RotationManager = models.Manager.from_queryset(RotationQuerySet)


class Rotation(TenantOwned):
    """One change of value; until `closes_at` the previous value stays readable too."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="rotations")
    previous = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    current = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=11, choices=RotationState.choices)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    opened_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    client_id = models.UUIDField(null=True)
    idempotency_key = models.CharField(max_length=200, null=True)
    request_digest = models.BinaryField(null=True)
    tenant_id: UUID
    credential_id: UUID
    previous_id: UUID
    current_id: UUID

    objects: ClassVar["RotationManager[Rotation]"] = RotationManager()

    class Meta:
        db_table = "rotation"
        default_permissions = ()
        constraints = [
            known_values("rotation_state", "state", RotationState.values),
            models.UniqueConstraint(
                fields=["credential"], condition=models.Q(state="open"), name="one_open_window"
            ),
            models.UniqueConstraint(
                fields=["tenant", "opened_by", "client_id", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                nulls_distinct=False,
                name="one_rotation_per_idempotency_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["closes_at"], condition=models.Q(state="open"), name="rotation_due"
            )
        ]


class Grant(TenantOwned):
    """A level for a person, a group or a service account, on one credential or on a folder and
    everything below it.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    service_account = models.ForeignKey(
        ServiceAccount, null=True, on_delete=models.CASCADE, related_name="+"
    )
    credential = models.ForeignKey(
        Credential, null=True, on_delete=models.CASCADE, related_name="grants"
    )
    folder = models.ForeignKey(Folder, null=True, on_delete=models.CASCADE, related_name="grants")
    level = models.CharField(max_length=8, choices=LEVEL_CHOICES)
    expires_at = models.DateTimeField(null=True)
    agents = ArrayField(models.UUIDField(), null=True)
    given_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    tenant_id: UUID
    person_id: UUID | None
    group_id: UUID | None
    service_account_id: UUID | None
    credential_id: UUID | None
    folder_id: UUID | None

    class Meta:
        db_table = "credential_grant"
        default_permissions = ()
        constraints = [
            known_values("grant_level", "level", LEVELS),
            models.CheckConstraint(
                name="grant_on_one_thing",
                condition=models.Q(credential__isnull=True, folder__isnull=False)
                | models.Q(credential__isnull=False, folder__isnull=True),
            ),
            models.CheckConstraint(
                name="grant_to_one_subject",
                condition=models.Q(
                    person__isnull=False, group__isnull=True, service_account__isnull=True
                )
                | models.Q(person__isnull=True, group__isnull=False, service_account__isnull=True)
                | models.Q(person__isnull=True, group__isnull=True, service_account__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["person", "group", "service_account", "credential", "folder"],
                nulls_distinct=False,
                name="one_grant_per_subject_and_thing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
                name="grant_due",
            ),
            models.Index(fields=["tenant", "group"], name="grant_group"),
            models.Index(fields=["tenant", "service_account"], name="grant_service_account"),
        ]


class RequestState(models.TextChoices):
    """pending → approved | denied | withdrawn; nothing goes back."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class PersonsRequest(TenantOwned):
    """What a member, usually through an agent, asks other people for; somebody decides on it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    agent_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=500)
    state = models.CharField(
        max_length=9, choices=RequestState.choices, default=RequestState.PENDING
    )
    requested_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    tenant_id: UUID
    person_id: UUID

    class Meta:
        abstract = True


class AccessRequest(PersonsRequest):
    """A member asks for a level on a credential or folder; an approval becomes a grant.

    `duration` is seconds from the approval; null asks for no end.
    """

    credential = models.ForeignKey(
        Credential, null=True, on_delete=models.CASCADE, related_name="+"
    )
    folder = models.ForeignKey(Folder, null=True, on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=8, choices=LEVEL_CHOICES)
    duration = models.PositiveIntegerField(null=True)
    grant = models.ForeignKey(Grant, null=True, on_delete=models.SET_NULL, related_name="+")
    credential_id: UUID | None
    folder_id: UUID | None

    class Meta:
        db_table = "access_request"
        default_permissions = ()
        constraints = [
            known_values("access_request_level", "level", LEVELS),
            known_values("access_request_state", "state", RequestState.values),
            models.CheckConstraint(
                name="request_for_one_thing",
                condition=models.Q(credential__isnull=True, folder__isnull=False)
                | models.Q(credential__isnull=False, folder__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["person", "credential", "folder"],
                condition=models.Q(state="pending"),
                nulls_distinct=False,
                name="one_pending_access_request",
            ),
        ]


class CredentialRequest(PersonsRequest):
    """A member asks for a credential that does not exist; a person stores it, or refuses.

    The request lapses at `expires_at`. `destination` is the host that the requester names, or "".
    `folder_path` need not exist.
    """

    key = models.CharField(max_length=KEY_LENGTH, db_collation="C")
    type = models.CharField(max_length=16, choices=[(kind, kind) for kind in KINDS])
    folder_path = models.CharField(max_length=8 * (KEY_LENGTH + 1), db_collation="C", blank=True)
    destination = models.CharField(max_length=260, blank=True)
    expires_at = models.DateTimeField()
    credential = models.ForeignKey(
        Credential, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    credential_id: UUID | None

    class Meta:
        db_table = "credential_request"
        default_permissions = ()
        constraints = [
            known_values("credential_request_type", "type", KINDS),
            known_values("credential_request_state", "state", RequestState.values),
            models.UniqueConstraint(
                fields=["person", "agent_id", "tenant", "key"],
                condition=models.Q(state="pending"),
                nulls_distinct=False,
                name="one_pending_credential_request",
            ),
        ]
