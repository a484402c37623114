"""Service accounts of every test: made by the owner, proven by secrets and keys."""

import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from jwt.algorithms import ECAlgorithm

from access.tenancy import tenant_transaction
from foundation.db.ids import public_id
from identity.models import Client
from identity.operations import add_account_key, add_account_secret, create_personal_token
from identity.shapes import (
    AddAccountKey,
    AddAccountSecret,
    CreatePersonalToken,
    NewAccountSecretOut,
    NewPersonalTokenOut,
)
from tenants.models import ServiceAccount
from tests.people import Somebody

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def new_account(owner: Somebody, name: str = "Pipeline") -> str:
    """A service account of the owner's tenant; its public id."""
    with tenant_transaction(owner.console.tenant_id):
        row = ServiceAccount.objects.create(tenant_id=owner.console.tenant_id, name=name)
    return public_id("sa", row.pk)


def new_secret(owner: Somebody, account_id: str, **more: Any) -> NewAccountSecretOut:
    """Another secret for the account."""
    data = {"accountId": account_id, "name": "deploys", **more}
    return add_account_secret(owner.console, AddAccountSecret.parse(data))


def opened(created: NewAccountSecretOut) -> str:
    """The secret itself."""
    assert created.secret is not None
    return created.secret.get_secret_value()


def new_token(who: Somebody, **more: Any) -> NewPersonalTokenOut:
    """A personal token of somebody's own, for reading unless told otherwise."""
    data = {"name": "nightly", "scopes": ["vault:read"], "expiresInDays": 7, **more}
    return create_personal_token(who.console, CreatePersonalToken.parse(data))


def value_of(created: NewPersonalTokenOut) -> str:
    """The token itself."""
    assert created.token is not None
    return created.token.get_secret_value()


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key of the account's own."""
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: ec.EllipticCurvePrivateKey | None = None) -> dict[str, Any]:
    """The public half, to be registered."""
    jwk: dict[str, Any] = json.loads(ECAlgorithm.to_jwk((key or _some_key()).public_key()))
    return jwk


@cache
def _some_key() -> ec.EllipticCurvePrivateKey:
    return new_key()


def new_client(name: str) -> Client:
    """A client that registered itself."""
    client: Client = Client.objects.create(
        name=name,
        redirect_uris="http://127.0.0.1/",
        client_type=Client.CLIENT_PUBLIC,
        authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        client_secret="",
        hash_client_secret=False,
        registration_source=Client.RegistrationSource.DCR,
    )
    return client


@dataclass
class Machine:
    """A program that acts as a service account. `**changes` override a parameter; None drops it."""

    http: httpx2.Client
    client_id: str
    secret: str = ""
    key: Any = field(default_factory=new_key)
    alg: str = "ES256"

    def by_secret(self, **changes: Any) -> httpx2.Response:
        """A token by client_secret_post."""
        form = {"client_id": self.client_id, "client_secret": self.secret}
        return self.ask(**{**form, **changes})

    def by_basic(self, **changes: Any) -> httpx2.Response:
        """A token by client_secret_basic."""
        return self.ask(headers=self.basic(), **changes)

    def by_assertion(self, assertion: str | None = None, **changes: Any) -> httpx2.Response:
        """A token by private_key_jwt."""
        form = {
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion or self.assertion(),
        }
        return self.ask(**{**form, **changes})

    def ask(
        self, *, at: str = "token", headers: dict[str, str] | None = None, **form: Any
    ) -> httpx2.Response:
        """What an endpoint answers."""
        grant = {"grant_type": "client_credentials"} if at == "token" else {}
        sent = {name: value for name, value in {**grant, **form}.items() if value is not None}
        return self.http.post(f"/oauth/{at}", data=sent, headers=headers or {})

    def basic(self) -> dict[str, str]:
        """The header of HTTP Basic."""
        both = f"{self.client_id}:{self.secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(both).decode()}"}

    def assertion(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A signed assertion that would do, but for the changes."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": settings.PUBLIC_URL,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(12),
        }
        said = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode(said, self.key, algorithm=self.alg, headers=header)


def token_of(answer: httpx2.Response) -> str:
    """The access token of a good answer."""
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def machine(http: httpx2.Client, owner: Somebody, **more: Any) -> Machine:
    """A service account with one secret and one registered key."""
    account_id = new_account(owner)
    one = Machine(http, account_id, opened(new_secret(owner, account_id, **more)))
    data = {"accountId": account_id, "name": "signer", "jwk": public_jwk(one.key), **more}
    add_account_key(owner.console, AddAccountKey.parse(data))
    return one
