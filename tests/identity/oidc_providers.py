"""A real OpenID provider on this computer, and a tenant that signs in through it."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from access.tenancy import tenant_transaction
from identity.models import ProviderAccount
from identity.oidc_client.documents import documents
from identity.oidc_client.shapes import ChangeSingleSignOn
from identity.operations import change_single_sign_on
from tests.people import Somebody

CLIENT, SECRET = "vault-at-acme", "provider-secret-9c1f27"
Claims = dict[str, Any]


@dataclass
class Provider:
    """Its signing key, its claims about people, and its open codes."""

    issuer: str = ""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    changes: Claims = field(default_factory=dict)
    documents: Claims = field(default_factory=dict)
    asked: Claims = field(default_factory=dict)
    algorithm: str = "ES256"
    # Who signs in there at once when a browser comes; nobody: it has no page.
    visitor: str = ""
    # Paths at which it answers in a way of its own.
    misbehaves: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)

    def callback(self, location: str, email: str, /, **claims: Any) -> str:
        """Somebody signs in there: where their browser goes next."""
        self.asked = dict(parse_qsl(urlsplit(location).query))
        self.changes = {"email": email, "sub": f"id-of-{email}", **claims}
        back = self.asked["redirect_uri"]
        return f"{urlsplit(back).path}?code=c0de&state={self.asked['state']}"

    def sent_back(self, path: str) -> str:
        """The redirect of a browser that arrives to sign in; empty when there is none."""
        if not self.visitor or urlsplit(path).path != "/authorize":
            return ""
        return urljoin(
            dict(parse_qsl(urlsplit(path).query))["redirect_uri"], self.callback(path, self.visitor)
        )

    def document(self, path: str) -> Claims | None:
        """The answer to a GET."""
        public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        found: Claims = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.documents,
            },
            "/keys": {"keys": [{**public, "kid": "1", "use": "sig"}]},
        }
        return found.get(path)

    def redeem(self, form: Claims, authorization: str) -> Claims | None:
        """The token endpoint, which checks client, PKCE and code."""
        proof = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if authorization != proof or challenge != self.asked["code_challenge"]:
            return None
        return {"access_token": "x", "token_type": "Bearer", "id_token": self._signed()}

    def _signed(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
            "email_verified": True,
            "name": "Somebody",
            **({"auth_time": now} if "max_age" in self.asked or self.visitor else {}),
            **self.changes,
        }
        key: Any = SECRET.ljust(32, "x") if self.algorithm == "HS256" else self.key
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": "1"})


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on a loopback port that Vault does not know yet."""
    provider = Provider()
    documents.forget()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self._misbehaves():
                return
            back = provider.sent_back(self.path)
            if not back:
                self._answer(provider.document(self.path))
                return
            self.send_response(302)
            self.send_header("Location", back)
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self._misbehaves():
                return
            self._answer(
                provider.redeem(dict(parse_qsl(body)), self.headers.get("Authorization", ""))
            )

        def _misbehaves(self) -> bool:
            way = provider.misbehaves.get(urlsplit(self.path).path)
            if way is not None:
                with suppress(OSError):
                    way(self)
            return way is not None

        def _answer(self, document: Claims | None) -> None:
            self.send_response(400 if document is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def set_up(owner: Somebody, issuer: str, **more: Any) -> None:
    """The owner's tenant signs in through the provider."""
    given = {
        "issuer": issuer,
        "clientId": CLIENT,
        "clientSecret": SECRET,
        "domains": ["example.org"],
        **more,
    }
    change_single_sign_on(owner.console, ChangeSingleSignOn.parse(given))


def with_a_provider(owner: Somebody) -> None:
    """The owner's tenant has a provider, which knows the owner."""
    set_up(owner, "https://login.example.org")
    tenant_id = owner.console.tenant_id
    with tenant_transaction(tenant_id):
        ProviderAccount.objects.create(
            tenant_id=tenant_id,
            person=owner.person,
            issuer="https://login.example.org",
            subject="1",
        )
