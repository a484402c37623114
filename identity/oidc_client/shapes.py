"""Inputs and answers of the operations on a tenant's sign-in provider."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from foundation.errors import Invalid
from foundation.outgoing import may_be_visited
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape

LONGEST_ISSUER = 300
DOMAIN = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])"
)


def require_issuer(url: str) -> str:
    """The issuer, unchanged, because it is compared exactly. Raises Invalid; makes no call.

    Owners choose it, not the operator. Where calls may go is decided at each call
    (`foundation.outgoing.destinations`).
    """
    parts = urlsplit(url)
    if len(url) > LONGEST_ISSUER or parts.query or parts.fragment or url.endswith("/.well-known"):
        raise Invalid("issuer: an address such as https://login.example.org.", "issuer")
    if not may_be_visited(url):
        raise Invalid("issuer: an address that starts with https://.", "issuer")
    return url


def _domains(given: list[str]) -> list[str]:
    named = [domain.strip().lower() for domain in given]
    if not all(DOMAIN.fullmatch(domain) for domain in named):
        raise Invalid("domains: names such as example.org.", "domains")
    return list(dict.fromkeys(named))


class ChangeSingleSignOn(Shape):
    """The provider's new settings. Without `clientSecret` the stored one is kept while issuer and
    client stay: a secret is sent only to the provider that it was given for.
    """

    issuer: Annotated[str, AfterValidator(require_issuer)]
    client_id: Annotated[str, Field(min_length=1, max_length=191), visible("clientId", least=1)]
    client_secret: SecretStr | None = Field(default=None, min_length=1, max_length=1024)
    domains: Annotated[list[str], Field(min_length=1, max_length=20), AfterValidator(_domains)]
    creates_members: bool = False
    enabled: bool = True


class SingleSignOnOut(Shape):
    """The tenant's provider without the client's secret, and the addresses of its sign-in."""

    configured: bool
    issuer: str = ""
    client_id: str = ""
    domains: list[str] = []
    creates_members: bool = False
    enabled: bool = False
    sign_in_url: str
    callback_url: str
