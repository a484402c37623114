"""Inputs and answers of identity's operations. A new secret is in exactly one answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_serializer

from credentials.fields import IdempotencyKey, Key
from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.safe_text import line
from foundation.schema.shapes import Shape

AccountScope = Literal["vault:read", "vault:write"]
PersonalScope = Literal["vault:read", "vault:write", "vault:admin"]
Label = Annotated[str, Field(min_length=1, max_length=80), line("name", least=1)]
AccountScopes = Annotated[list[AccountScope], Field(min_length=1, max_length=2)]
Lifetime = Annotated[int, Field(ge=1, le=365)]

EVERY_SCOPE: list[AccountScope] = ["vault:read", "vault:write"]


class AddAccountSecret(Shape):
    """A new secret for a service account `sa_…`, and its scopes at most."""

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
    """A credential of a service account; `clientId` is the account's OAuth client id.

    `byFormerAdmin`: its maker is no owner or admin any more but may still have it: replace it.
    """

    proof_id: str
    account_id: str
    client_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    expired: bool
    last_used_at: datetime | None
    by_former_admin: bool = False


class AccountSecretOut(AccountProofOut):
    """A secret without its value."""


class NewAccountSecretOut(AccountProofOut):
    """The only answer with the secret; a repeated call leaves it out."""

    secret: SecretStr | None

    @field_serializer("secret", when_used="json")
    def open_secret(self, secret: SecretStr | None) -> str | None:
        return secret.get_secret_value() if secret else None


class AccountKeyOut(AccountProofOut):
    """A registered key; assertions may name it by `kid`."""

    alg: str
    kid: str


class AccountSecretsOut(Shape):
    """A service account's secrets, the newest first."""

    secrets: list[AccountSecretOut]


class AccountKeysOut(Shape):
    """A service account's keys, the newest first."""

    keys: list[AccountKeyOut]


class ListClients(Shape):
    """A page of the clients."""

    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class ChangeClient(Shape):
    """Suspend a client in this tenant, or resume it."""

    client_id: Annotated[str, Field(max_length=64)]
    state: Literal["active", "suspended"]


class ClientOut(Shape):
    """An OAuth client in this tenant: the name it gives itself, and who connected it here.

    `stopped`: by the installation's operator, for every tenant.
    """

    client_id: str
    name: str
    registered_by: Literal["itself", "operator"]
    registered_at: datetime
    state: Literal["active", "suspended", "stopped"]
    agents: int
    people: int
    last_call_at: datetime | None


class ClientPageOut(Shape):
    """A page of clients, the newest first."""

    clients: list[ClientOut]
    next_cursor: str | None


class CreatePersonalToken(Shape):
    """A token of one's own. `credentials` narrows it to these keys; null means everything."""

    name: Label
    scopes: Annotated[list[PersonalScope], Field(min_length=1, max_length=3)]
    credentials: Annotated[list[Key], Field(min_length=1, max_length=100)] | None = None
    expires_in_days: Lifetime
    idempotency_key: IdempotencyKey | None = None


class ListPersonalTokens(Shape):
    """One's own tokens, or `everybody`'s for owners and admins."""

    everybody: bool = False
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class PersonalTokenOut(Shape):
    """A personal token without its value."""

    token_id: str
    name: str
    person_id: str
    email: str
    scopes: list[str]
    credentials: list[str] | None
    state: Literal["active", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    last_address: str


class NewPersonalTokenOut(PersonalTokenOut):
    """The only answer with the token; a repeated call leaves it out."""

    token: SecretStr | None

    @field_serializer("token", when_used="json")
    def open_token(self, token: SecretStr | None) -> str | None:
        return token.get_secret_value() if token else None


class PersonalTokenPageOut(Shape):
    """A page of personal tokens, the newest first."""

    tokens: list[PersonalTokenOut]
    next_cursor: str | None
