"""What identity's operations take and answer. A new secret is in exactly one answer, once."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_serializer

from access.shapes import Shape
from access.text import visible
from credentials.shapes import IdempotencyKey

AccountScope = Literal["vault:read", "vault:write"]
Label = Annotated[str, Field(min_length=1, max_length=80), visible("name", least=1)]
AccountScopes = Annotated[list[AccountScope], Field(min_length=1, max_length=2)]
Lifetime = Annotated[int, Field(ge=1, le=365)]

EVERY_SCOPE: list[AccountScope] = ["vault:read", "vault:write"]


class AddAccountSecret(Shape):
    """A new secret for a service account `sa_…`, with what it may be used for at most."""

    account_id: str
    name: Label
    scopes: AccountScopes = EVERY_SCOPE
    expires_in_days: Lifetime = 90
    idempotency_key: IdempotencyKey | None = None


class AddAccountKey(Shape):
    """A service account's public key (RFC 7517): EC P-256, Ed25519, or RSA of 2048 bits or more."""

    account_id: str
    name: Label
    jwk: dict[str, Any]
    scopes: AccountScopes = EVERY_SCOPE
    expires_in_days: Lifetime = 365
    idempotency_key: IdempotencyKey | None = None


class AccountProofOut(Shape):
    """What a service account proves itself with; `clientId` is what it calls itself."""

    proof_id: str
    account_id: str
    client_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    expired: bool
    last_used_at: datetime | None


class AccountSecretOut(AccountProofOut):
    """A secret without its value."""


class NewAccountSecretOut(AccountProofOut):
    """The one answer that holds the secret; when the same call is repeated, it is left out."""

    secret: SecretStr | None

    @field_serializer("secret", when_used="json")
    def open_secret(self, secret: SecretStr | None) -> str | None:
        return secret.get_secret_value() if secret else None


class AccountKeyOut(AccountProofOut):
    """A registered key; `kid` is what assertions may name it by."""

    alg: str
    kid: str


class AccountSecrets(Shape):
    """A service account's secrets, the newest first."""

    secrets: list[AccountSecretOut]


class AccountKeys(Shape):
    """A service account's keys, the newest first."""

    keys: list[AccountKeyOut]
