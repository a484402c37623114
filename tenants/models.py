"""Tenants, people and memberships, which are outside row-level security because they are looked up
before a tenant is known; groups, agents and service accounts, which are inside it.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now

from access.disclosure import Disclosure
from access.levels import LEVEL_CHOICES, Role
from access.tenancy import TenantOwned
from foundation.db.ids import uuid7
from foundation.db.known_values import known_values
from foundation.schema.durations import DAY
from foundation.schema.safe_text import visible_line
from tenants.mail_queue import OutgoingMail, due_index, failed_index, known_state

HARD_MAXIMUM_TTL = 7 * DAY


class Tenant(models.Model):
    """An organisation with its settings. Durations are in seconds."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())
    suspended_at = models.DateTimeField(null=True)
    baseline_level = models.CharField(
        max_length=8, default="viewer", choices=[("none", "none"), *LEVEL_CHOICES[:2]]
    )
    default_ttl = models.PositiveIntegerField(default=15 * 60)
    max_ttl = models.PositiveIntegerField(default=DAY)
    default_window = models.PositiveIntegerField(default=3600)
    max_window = models.PositiveIntegerField(default=7 * DAY)
    max_leases_per_person = models.PositiveIntegerField(default=20_000)
    max_leases_per_agent = models.PositiveIntegerField(default=10_000)
    # How many different credentials one agent may have leased at a time; prevents "lease them all".
    max_credentials_per_agent = models.PositiveIntegerField(default=100)
    # The same for a person or service account over all agents, tokens and channels.
    max_credentials_per_person = models.PositiveIntegerField(default=200, db_default=200)
    self_approval = models.BooleanField(default=False)
    mfa_required = models.BooleanField(default=False)
    # For credentials whose policy says nothing, and the least for all of them.
    default_disclosure = models.CharField(
        max_length=8, default=Disclosure.MODEL, db_default=Disclosure.MODEL
    )
    minimum_disclosure = models.CharField(
        max_length=8, default=Disclosure.MODEL, db_default=Disclosure.MODEL
    )
    # How long ended leases and delivered mail are kept. The audit log is kept for good.
    retention_days = models.PositiveIntegerField(default=90, db_default=90)
    # Counts changes of the settings, so that an edit of an older version is noticed.
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "tenant"
        constraints = [
            known_values("tenant_baseline_level", "baseline_level", ["none", "viewer", "user"]),
            known_values("tenant_default_disclosure", "default_disclosure", Disclosure),
            known_values("tenant_minimum_disclosure", "minimum_disclosure", Disclosure),
            models.CheckConstraint(
                name="tenant_ttls",
                condition=models.Q(default_ttl__gte=1)
                & models.Q(default_ttl__lte=models.F("max_ttl"))
                & models.Q(max_ttl__lte=HARD_MAXIMUM_TTL),
            ),
            models.CheckConstraint(
                name="tenant_windows",
                condition=models.Q(default_window__lte=models.F("max_window"))
                & models.Q(max_window__lte=7 * DAY),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Creates people by e-mail address, which is also the sign-in name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """A person who signs in with `email`; without a password nobody can.

        A provider may give any name: what nobody sees in it is left out.
        """
        fields["name"] = visible_line(fields.get("name", ""))
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """A human being; belongs to tenants through memberships."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    # An operator of the installation; gives no access to a tenant's secrets.
    is_superuser = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    # False for an account that an owner's link or a tenant's provider created: it is not proven
    # that its holder receives mail at the address.
    address_proven = models.BooleanField(default=True, db_default=True)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        db_table = "person"
        constraints = [
            models.UniqueConstraint(Lower("email"), name="person_email_caseless"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Django's admin asks for this; the console decides by membership instead."""
        return False

    def has_perm(self, *_: object, **__: object) -> bool:
        """Django's model permissions are not used."""
        return False

    def has_module_perms(self, *_: object) -> bool:
        """Nor are its app permissions."""
        return False


class Membership(models.Model):
    """A person's membership in a tenant; deleted when they leave, new when they return."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=[(role.value, role.value) for role in Role])
    joined_at = models.DateTimeField(db_default=Now())
    suspended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "person"], name="one_membership_per_tenant"),
            models.CheckConstraint(
                name="membership_role", condition=models.Q(role__in=[r.value for r in Role])
            ),
        ]


class AgentState(models.TextChoices):
    """`waiting`: a new agent of a person with a suspended one; an owner or admin decides."""

    ACTIVE = "active"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class Agent(TenantOwned):
    """One person's one OAuth client in one tenant, named by the person on the consent page.

    `client_id` is a plain id, because the client is in `identity`, a higher app.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=9, choices=AgentState.choices, default=AgentState.ACTIVE)
    created_at = models.DateTimeField(db_default=Now())
    # Recorded at most once a minute, so that most calls write nothing.
    first_call_at = models.DateTimeField(null=True)
    last_call_at = models.DateTimeField(null=True)
    last_address = models.CharField(max_length=64, blank=True)
    tenant_id: UUID
    person_id: UUID
    client_suspended: bool  # an annotation of tenants.clients

    class Meta:
        db_table = "agent"
        default_permissions = ()
        constraints = [
            known_values("agent_state", "state", AgentState.values),
            models.UniqueConstraint(
                fields=["tenant", "person", "client_id"],
                condition=~models.Q(state="removed"),
                name="one_agent_per_client",
            ),
        ]


class SuspendedClient(TenantOwned):
    """An OAuth client that is suspended in this tenant, whoever connected it.

    Clients belong to the whole installation, so each tenant has its own suspensions. The agents
    keep their states for when a suspension ends.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    suspended_at = models.DateTimeField(db_default=Now())
    tenant_id: UUID

    class Meta:
        db_table = "suspended_client"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["tenant", "client_id"], name="suspended_once"),
        ]


class Group(TenantOwned):
    """People who are given access together."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=500, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    tenant_id: UUID

    class Meta:
        db_table = "people_group"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(Lower("name"), "tenant", name="one_group_name"),
        ]


class GroupMember(TenantOwned):
    """A member of the tenant in one of its groups."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    joined_at = models.DateTimeField(db_default=Now())
    tenant_id: UUID
    group_id: UUID
    person_id: UUID

    class Meta:
        db_table = "group_member"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["group", "person"], name="once_in_a_group"),
        ]
        indexes = [models.Index(fields=["tenant", "person"], name="group_member_person")]


class ServiceAccountState(models.TextChoices):
    """`suspended` can be undone, `removed` cannot."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class ServiceAccount(TenantOwned):
    """A pipeline, service or cron job that acts by itself, with grants of its own and no baseline.

    Its secrets and keys are in `identity`.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=500, blank=True)
    state = models.CharField(
        max_length=9, choices=ServiceAccountState.choices, default=ServiceAccountState.ACTIVE
    )
    created_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    last_address = models.CharField(max_length=64, blank=True)
    tenant_id: UUID

    class Meta:
        db_table = "service_account"
        default_permissions = ()
        constraints = [
            known_values("service_account_state", "state", ServiceAccountState.values),
            models.UniqueConstraint(
                Lower("name"),
                "tenant",
                condition=~models.Q(state="removed"),
                name="one_service_account_name",
            ),
        ]


class InvitationState(models.TextChoices):
    """`expired` is computed from `expires_at`."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


class Invitation(models.Model):
    """An e-mail address that was asked to join with a role.

    Outside row-level security, because its link is opened before a tenant is known. The link is
    computed from the id (tenants/invitation_links.py), so nothing stored here can open it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=8, choices=[(role.value, role.value) for role in Role])
    state = models.CharField(
        max_length=9, choices=InvitationState.choices, default=InvitationState.WAITING
    )
    invited_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    # From then on somebody else than the address's owner may have the link.
    link_shown_at = models.DateTimeField(null=True)
    tenant_id: UUID

    class Meta:
        db_table = "invitation"
        default_permissions = ()
        constraints = [
            known_values("invitation_role", "role", Role),
            known_values("invitation_state", "state", InvitationState.values),
            models.UniqueConstraint(
                Lower("email"),
                "tenant",
                condition=models.Q(state="waiting"),
                name="one_waiting_invitation",
            ),
        ]


class Notice(TenantOwned, OutgoingMail):
    """A mail about something in a tenant, to a person or to the address of an invitation."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    invitation = models.ForeignKey(
        Invitation, null=True, on_delete=models.CASCADE, related_name="+"
    )
    tenant_id: UUID
    person_id: UUID | None
    invitation_id: UUID | None

    class Meta:
        db_table = "notice"
        default_permissions = ()
        constraints = [
            known_state("notice_state"),
            models.CheckConstraint(
                name="notice_to_one",
                condition=models.Q(person__isnull=False, invitation__isnull=True)
                | models.Q(person__isnull=True, invitation__isnull=False),
            ),
        ]
        indexes = [due_index("notice_due"), failed_index("notice_failed")]


class Reminder(TenantOwned):
    """That people were reminded of an end, and `days` before it at the latest; kept until the end.

    `subject_id` is what ends: a version of a credential, a grant, a secret, a key or a token.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    subject_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    ends_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    tenant_id: UUID

    class Meta:
        db_table = "reminder"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "subject_id", "kind", "ends_at"], name="one_reminder_per_end"
            ),
        ]
