"""Credentials of programs: secrets and keys of service accounts, and personal tokens.

Outside row-level security, because they are looked up before a tenant is known. A secret is stored
as its SHA-256, a key as its public half.
"""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from foundation.db.ids import uuid7
from foundation.db.known_values import known_values
from tenants.models import Person, Tenant

SHA256_HEX = r"^[0-9a-f]{64}$"


class ProofKind(models.TextChoices):
    """A shared secret, or a key of which only the public half is known here."""

    SECRET = "secret"
    KEY = "key"


class AccountProof(models.Model):
    """A credential with which a service account authenticates at the token endpoint, and its scopes
    at most. Removing it deletes it with the access tokens that were issued for it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey("identity.Client", on_delete=models.CASCADE, related_name="proofs")
    kind = models.CharField(max_length=6, choices=ProofKind.choices)
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=200)
    secret_digest = models.CharField(max_length=64, null=True, unique=True)
    public_jwk = models.JSONField(null=True)
    alg = models.CharField(max_length=5, blank=True)
    kid = models.CharField(max_length=100, blank=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    idempotency_key = models.CharField(max_length=200, null=True)
    client_id: UUID

    class Meta:
        constraints = [
            known_values("proof_alg", "alg", ["", "ES256", "EdDSA", "RS256"]),
            models.CheckConstraint(
                name="proof_is_a_hash_or_a_public_key",
                condition=models.Q(
                    kind="secret", secret_digest__regex=SHA256_HEX, public_jwk__isnull=True
                )
                | models.Q(kind="key", secret_digest__isnull=True, public_jwk__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["client", "kid"], condition=models.Q(kind="key"), name="proof_key_once"
            ),
            models.UniqueConstraint(
                fields=["client", "created_by", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                nulls_distinct=False,
                name="one_proof_per_idempotency_key",
            ),
        ]

    @property
    def days(self) -> int:
        """Its lifetime in days."""
        return (self.expires_at - self.created_at).days


class UsedAssertion(models.Model):
    """An accepted assertion; kept until it can no longer be replayed."""

    client = models.ForeignKey("identity.Client", on_delete=models.CASCADE, related_name="+")
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "jti_digest"], name="assertion_once")
        ]


class PersonalToken(models.Model):
    """A person's token for their own programs, in one tenant and for REST only.

    `only` narrows it to credentials; None means everything that the person can access.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    # As with a consent: a person who left and returned has a new membership.
    membership_id = models.UUIDField()
    name = models.CharField(max_length=80)
    secret_digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=200)
    only = ArrayField(models.UUIDField(), null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_address = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=200, null=True)
    tenant_id: UUID
    person_id: UUID

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="personal_token_is_hashed",
                condition=models.Q(secret_digest__regex=SHA256_HEX),
            ),
            models.UniqueConstraint(
                fields=["tenant", "person", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                name="one_token_per_idempotency_key",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "person"], name="personal_token_person")]

    @property
    def days(self) -> int:
        """For how long it was made."""
        return (self.expires_at - self.created_at).days
