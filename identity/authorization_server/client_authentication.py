"""How a service account authenticates at the token endpoint (RFC 6749 §2.3, RFC 7523 §2.2).

Exactly one method per request: HTTP Basic, the secret in the body, or a signed assertion. Only
service accounts can authenticate; a public client has nothing to authenticate with.
"""

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote_plus

from django.db.models import QuerySet

from access.actions import Channel
from access.actor import Actor
from access.tenancy import use_tenant
from audit.events import Event, Outcome
from audit.recording import record_in_transaction
from foundation.db.clock import DatabaseClock
from foundation.db.ids import NO_ID
from identity.authorization_server.client_assertions import claimed_client, verify_assertion
from identity.authorization_server.token_request import CONTEXT_HEADER, OAuthRequest
from identity.models import Client, ClientState
from identity.service_accounts.models import AccountProof, ProofKind
from identity.tokens.secret_format import SecretPrefix, digest, has_secret_format
from identity.web.request_context import NO_CONTEXT, RequestContext
from tenants.models import ServiceAccount, ServiceAccountState

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")

_BASIC = re.compile(r"[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+=*)")
_CLIENT_ID = re.compile(r"sa_[0-9a-f]{32}")

Check = Callable[[Client], AccountProof | None]


class _Attempt(NamedTuple):
    client_id: str
    check: Check


def authenticate_service_account(request: OAuthRequest) -> AccountProof | None:
    """The credential with which the request's client authenticated; None when it did not.

    Joins the caller's transaction: the credential stays locked until the token is stored, and a
    failed attempt of an existing account is recorded in its tenant's log.
    """
    methods = (_basic(request), _posted(request), _signed(request))
    attempts = [attempt for attempt in methods if attempt]
    if len(attempts) != 1:
        return None
    (attempt,) = attempts
    client = _account_client(attempt.client_id)
    if client is None or getattr(request, "client_id", None) not in (None, "", client.client_id):
        return None
    proof = attempt.check(client)
    if proof is None or not _is_active(client):
        context = request.headers.get(CONTEXT_HEADER, NO_CONTEXT)
        reason = "not proven" if proof is None else "not active"
        record_in_transaction(
            service_account_actor(client, context),
            Event.TOKEN_ISSUED,
            outcome=Outcome.DENIED,
            reason=reason,
        )
        return None
    return proof


def service_account_actor(
    client: Client, context: RequestContext = NO_CONTEXT, scope: str = ""
) -> Actor:
    """The service account as an actor."""
    assert client.tenant_id is not None
    return Actor(
        tenant_id=client.tenant_id,
        channel=Channel.REST,
        service_account_id=client.service_account_id,
        client_id=client.pk,
        scopes=frozenset(scope.split()),
        request_id=context.request_id,
        address=context.address,
    )


def _account_client(client_id: str) -> Client | None:
    if not _CLIENT_ID.fullmatch(client_id):
        return None
    rows = Client.objects.select_related("tenant").filter(
        client_id=client_id,
        service_account__isnull=False,
        state=ClientState.ACTIVE,
        tenant__suspended_at=None,
    )
    return rows.first()


def _is_active(client: Client) -> bool:
    actor = service_account_actor(client)
    use_tenant(actor.tenant_id)
    rows = ServiceAccount.objects.of(actor).filter(state=ServiceAccountState.ACTIVE)
    return rows.filter(pk=client.service_account_id or NO_ID).exists()


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Client id and secret in an Authorization header; both parts were form-encoded before they
    were joined (RFC 6749 §2.3.1).
    """
    match = _BASIC.fullmatch(header.strip(" "))
    if match is None:
        return None
    try:
        client_id, colon, secret = b64decode(match[1], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else None


def _basic(request: OAuthRequest) -> _Attempt | None:
    credentials = basic_credentials(request.headers.get("Authorization", ""))
    return _Attempt(credentials[0], _by_secret(credentials[1])) if credentials else None


def _posted(request: OAuthRequest) -> _Attempt | None:
    secret = getattr(request, "client_secret", None)
    return _Attempt(request.client_id or "", _by_secret(secret)) if secret else None


def _signed(request: OAuthRequest) -> _Attempt | None:
    assertion = getattr(request, "client_assertion", None)
    kind = getattr(request, "client_assertion_type", None)
    if not assertion or kind != ASSERTION:
        return None
    return _Attempt(
        claimed_client(assertion),
        lambda client: verify_assertion(_valid(client, ProofKind.KEY), assertion, client),
    )


def _by_secret(secret: str) -> Check:
    def check(client: Client) -> AccountProof | None:
        if not has_secret_format(SecretPrefix.ACCOUNT_SECRET, secret):
            return None
        given = digest(secret)
        found = None
        for proof in _valid(
            client, ProofKind.SECRET
        ):  # compare with every one, so that the time tells nothing
            if hmac.compare_digest(proof.secret_digest or "", given):
                found = proof
        return found

    return check


def _valid(client: Client, kind: str) -> QuerySet[AccountProof]:
    rows = client.proofs.filter(kind=kind, expires_at__gt=DatabaseClock())
    return rows.select_related("client").select_for_update(of=("self",)).order_by("pk")
