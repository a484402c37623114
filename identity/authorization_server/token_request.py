"""What has been established about a request at the token endpoint."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from access.scopes import OFFLINE_ACCESS
from identity.models import AuthorizationCode, Client, RefreshToken, SigningKey
from identity.tokens.grant_family import GrantFamily

# oauthlib's request takes any attribute; ours, `grant` and `signed`, are typed where they are read.
OAuthRequest: TypeAlias = Any
CONTEXT_HEADER = "X-Vault-Context"  # carries a RequestContext; the client's own is never read


class TokenGrant(Protocol):
    """What a token is issued for."""

    @property
    def client(self) -> Client:
        """The client that receives the token."""

    @property
    def subject(self) -> str:
        """The token's `sub`."""

    @property
    def tenant_id(self) -> UUID:
        """The tenant in which the token is valid."""

    @property
    def resource(self) -> str:
        """The token's resource."""

    @property
    def may_stay(self) -> bool:
        """Whether a refresh token is issued too."""

    def life(self, seconds: int) -> int:
        """The token's lifetime in seconds, `seconds` at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyGrant:
    """The code or refresh token that a person's client brought, with its locked family."""

    family: GrantFamily
    code: AuthorizationCode | None = None
    refresh_token: RefreshToken | None = None

    @property
    def client(self) -> Client:
        return self.family.consent.client

    @property
    def subject(self) -> str:
        return str(self.family.consent.person_id)

    @property
    def tenant_id(self) -> UUID:
        return self.family.consent.tenant_id

    @property
    def resource(self) -> str:
        return self.family.consent.resource

    @property
    def may_stay(self) -> bool:
        """Whether the person allowed `offline_access`."""
        return OFFLINE_ACCESS in self.family.consent.scope.split()

    def life(self, seconds: int) -> int:
        return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """The facts of an access token that its row repeats. Times are seconds since the epoch."""

    jti: UUID
    key: SigningKey
    expires: int

    @property
    def expires_at(self) -> datetime:
        """The expiry as a datetime."""
        return datetime.fromtimestamp(self.expires, UTC)
