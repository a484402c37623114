"""Clients, consents and the codes and tokens issued for them, and signing keys.

These tables are outside row-level security because they are looked up before a tenant is known.
The toolkit's six models are swapped at the first migration. No secret is stored: codes and tokens
are rows under a SHA-256, and the database refuses a row that contains the token itself.
"""

from uuid import UUID, uuid4

from django.db import models
from django.db.models.functions import Now
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
    ApplicationManager,
)

from foundation.db.ids import uuid7
from foundation.db.known_values import known_values
from identity.authorization_server.redirect_uris import allows
from identity.service_accounts.models import SHA256_HEX, AccountProof
from tenants.models import Person, ServiceAccount, Tenant


class ClientState(models.TextChoices):
    """A client that is not active can neither be authorised nor use its tokens."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class Client(AbstractApplication):
    """A program that acts for people, registered with the whole installation and allowed by
    consent; or a tenant's service account, which acts by itself and is the only kind that can
    authenticate.

    `id` is used inside the product; `client_id` is the OAuth parameter.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # type: ignore[assignment]  # the toolkit counts
    state = models.CharField(max_length=9, choices=ClientState.choices, default=ClientState.ACTIVE)
    authorized_at = models.DateTimeField(null=True)
    # Whether it registered the grant: such a client may be offered to stay connected.
    uses_refresh_tokens = models.BooleanField(default=True, db_default=True)
    tenant = models.ForeignKey(Tenant, null=True, on_delete=models.CASCADE, related_name="+")
    service_account = models.OneToOneField(
        ServiceAccount, null=True, on_delete=models.CASCADE, related_name="+"
    )
    tenant_id: UUID | None
    service_account_id: UUID | None

    objects = ApplicationManager()

    class Meta:
        constraints = [
            known_values("client_state", "state", ClientState.values),
            known_values("client_source", "registration_source", ["manual", "dcr", "cimd"]),
            known_values(
                "client_grant_type",
                "authorization_grant_type",
                ["authorization-code", "client-credentials"],
            ),
            known_values("client_algorithm", "algorithm", [""]),
            models.CheckConstraint(
                name="client_without_secret", condition=models.Q(client_secret="")
            ),
            models.CheckConstraint(
                name="only_service_accounts_are_confidential",
                condition=models.Q(
                    client_type="public", service_account__isnull=True, tenant__isnull=True
                )
                | models.Q(
                    client_type="confidential",
                    service_account__isnull=False,
                    tenant__isnull=False,
                ),
            ),
        ]

    def is_usable(self, _request: object = None) -> bool:
        """The toolkit asks before every use of a client."""
        return self.state == ClientState.ACTIVE

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Exactly a registered one, except for the port of a loopback address (RFC 8252 §7.3)."""
        return allows(self.redirect_uris.split(), uri, self.document_origin)

    @property
    def document_origin(self) -> str:
        """The origin of the metadata document that describes the client; empty without one."""
        if self.registration_source != self.RegistrationSource.CIMD:
            return ""
        return "https://" + self.client_id.removeprefix("https://").partition("/")[0]


class SigningKey(models.Model):
    """A key that signs access tokens; the private half is sealed by the root key.

    It signs from `active_from` until a later key's `active_from`. A withdrawn key is no longer
    trusted.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True)
    alg = models.CharField(max_length=5, choices=[("ES256", "ES256"), ("RS256", "RS256")])
    public_jwk = models.JSONField()
    sealed_jwk = models.BinaryField(null=True)
    root_key_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    active_from = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [known_values("signing_key_alg", "alg", ["ES256", "RS256"])]

    @property
    def kid(self) -> str:
        """The key's id in token headers and in the published key set."""
        return self.id.hex


class Consent(models.Model):
    """One person's consent to one client in one tenant for one resource, and so the family of the
    codes and tokens issued for it. Issuing, refreshing, replaying and revoking lock this row first,
    and ending it ends them all.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="consents")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    # A person who left and returned has a new membership, which has not consented.
    membership_id = models.UUIDField()
    agent_id = models.UUIDField()
    agent_name = models.CharField(max_length=80)
    resource = models.CharField(max_length=300)
    scope = models.CharField(max_length=200)
    given_at = models.DateTimeField(db_default=Now())
    refresh_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=40, blank=True)
    client_id: UUID
    person_id: UUID
    tenant_id: UUID

    class Meta:
        indexes = [models.Index(fields=["tenant", "agent_id"], name="consent_agent")]


class AuthorizeRequest(models.Model):
    """A client's request, stored while the person decides; the form contains only its id.

    Bound to the person and to the browser session that was shown the page.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    session_digest = models.CharField(max_length=64)
    redirect_uri = models.CharField(max_length=300)
    state = models.CharField(max_length=2048, blank=True)
    scope = models.CharField(max_length=200)
    resource = models.CharField(max_length=300)
    code_challenge = models.CharField(max_length=43)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    allowed = models.BooleanField(default=False)


class AuthorizationCode(AbstractGrant):
    """A code on its way to the client; `code` is its SHA-256. Redeemed codes stay as tombstones, so
    that a replay can be distinguished from an unknown code.
    """

    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="codes")
    asked = models.OneToOneField(AuthorizeRequest, on_delete=models.CASCADE, related_name="issued")
    consumed_at = models.DateTimeField(null=True)
    consent_id: UUID

    class Meta:
        constraints = [
            known_values("code_challenge_method", "code_challenge_method", ["S256"]),
            models.CheckConstraint(
                name="code_is_hashed", condition=models.Q(code__regex=SHA256_HEX)
            ),
        ]


class AccessToken(AbstractAccessToken):
    """An access token that is in force; the id is the token's `jti`. Revoking deletes it.

    It was issued for a person's consent or for a service account's credential.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # type: ignore[assignment]  # the toolkit counts
    consent = models.ForeignKey(
        Consent, null=True, on_delete=models.CASCADE, related_name="access_tokens"
    )
    proof = models.ForeignKey(
        AccountProof, null=True, on_delete=models.CASCADE, related_name="access_tokens"
    )
    signing_key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="signed")
    consent_id: UUID | None
    proof_id: UUID | None

    class Meta:
        constraints = [
            models.CheckConstraint(name="access_token_is_hashed", condition=models.Q(token="")),
            models.CheckConstraint(
                name="access_token_has_one_origin",
                condition=models.Q(consent__isnull=False, proof__isnull=True)
                | models.Q(consent__isnull=True, proof__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["expires"], name="access_token_expiry")]


class RefreshToken(AbstractRefreshToken):
    """A refresh token; used ones stay until they expire, so that a replay is noticed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # type: ignore[assignment]  # the toolkit counts
    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="refresh_tokens")
    expires_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)
    replacements = models.PositiveSmallIntegerField(default=0)
    consent_id: UUID

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_checksum"], name="refresh_token_once"),
            models.CheckConstraint(name="refresh_token_is_hashed", condition=models.Q(token="")),
        ]
        indexes = [models.Index(fields=["expires_at"], name="refresh_token_expiry")]


class IDToken(AbstractIDToken):
    """Swapped because the toolkit's models need it; OpenID Connect is off, so there are no rows."""


class DeviceGrant(AbstractDeviceGrant):
    """Swapped for a future device flow, which is not mounted, so there are no rows."""
