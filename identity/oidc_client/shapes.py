"""Inputs and answers of the operations on a tenant's sign-in provider."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from foundation.errors import Invalid
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape
from identity.oidc_client.url_policy import require_issuer

DOMAIN = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])"
)


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
