"""What has been established about one request at the token endpoint, on its way to the answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from access.scopes import OFFLINE_ACCESS
from identity.models import AuthorizationCode, Client, RefreshToken, SigningKey
from identity.tokens.grant_family import GrantFamily

# oauthlib's request takes any attribute; ours are `grant` and `signed`, typed where they are read.
OAuthRequest: TypeAlias = Any
CONTEXT_HEADER = "X-Vault-Context"  # carries a RequestContext; the client's own is never read


class TokenGrant(Protocol):
    """What a token is made from, whoever it is for."""

    @property
    def client(self) -> Client:
        """Who asks for it."""

    @property
    def subject(self) -> str:
        """Whom it stands for, as `sub`."""

    @property
    def tenant_id(self) -> UUID:
        """Where it holds."""

    @property
    def resource(self) -> str:
        """What it is for."""

    @property
    def may_stay(self) -> bool:
        """Whether a refresh token goes with it."""

    def life(self, seconds: int) -> int:
        """How many seconds it lives, `seconds` at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyGrant:
    """What a person's client brought: a code or a refresh token of a family that is held."""

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
        """Where the person allowed `offline_access`."""
        return OFFLINE_ACCESS in self.family.consent.scope.split()

    def life(self, seconds: int) -> int:
        return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """The facts of an access token that its row must repeat. Times are seconds since the epoch."""

    jti: UUID
    key: SigningKey
    expires: int

    @property
    def expires_at(self) -> datetime:
        """The end as a moment."""
        return datetime.fromtimestamp(self.expires, UTC)
