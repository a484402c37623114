"""What has been established about one request at the token endpoint, on its way to the answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from identity.families import Family
from identity.models import AuthorizationCode, RefreshToken, SigningKey

# oauthlib's request takes any attribute; ours are `grant` and `signed`, typed where they are read.
OAuthRequest: TypeAlias = Any
CAME = "X-Vault-Came"  # among its headers: how it came, never from outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the client brought: a code or a refresh token of a family that is held."""

    family: Family
    code: AuthorizationCode | None = None
    refresh_token: RefreshToken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The facts of an access token that its row must repeat. Times are seconds since the epoch."""

    jti: UUID
    key: SigningKey
    expires: int

    @property
    def expires_at(self) -> datetime:
        """The end as a moment."""
        return datetime.fromtimestamp(self.expires, UTC)
