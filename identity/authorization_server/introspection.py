"""Token introspection for service accounts (RFC 7662 §2.2): full inside the account's tenant; any
other token is only reported as inactive.
"""

from typing import Any

from django.conf import settings

from access.actor import Actor
from access.tenancy import acting_transaction
from foundation.db.ids import public_id
from foundation.errors import Denied, Unauthenticated
from identity.models import Client
from identity.resource_server.verification import actor_from_token, verified_claims
from identity.service_accounts.models import PersonalToken
from identity.tokens.grant_family import channel_of
from identity.tokens.secret_format import SecretPrefix, digest
from tenants.memberships import active_membership

INACTIVE = {"active": False}


def introspection(token: str, asker: Client) -> dict[str, Any]:
    """The answer about `token` for an authenticated client."""
    try:
        claims = (
            _personal(token) if token.startswith(SecretPrefix.PERSONAL_TOKEN) else _issued(token)
        )
        actor = actor_from_token(token, resource=claims["aud"], channel=channel_of(claims["aud"]))
        _require_active(actor, asker)
    except (Unauthenticated, Denied):
        return INACTIVE
    return {
        **claims,
        "active": True,
        "token_type": "Bearer",
        "scope": " ".join(sorted(actor.scopes)),
        "iss": settings.PUBLIC_URL,
    }


def _require_active(actor: Actor, asker: Client) -> None:
    """Check also what only operations check: the state of the agent or service account."""
    if actor.tenant_id != asker.tenant_id:
        raise Denied()
    with acting_transaction(actor):
        active_membership(actor)


def _issued(token: str) -> dict[str, Any]:
    _, claims = verified_claims(token)
    return {name: claims[name] for name in ("aud", "sub", "client_id", "iat", "exp", "jti")}


def _personal(token: str) -> dict[str, Any]:
    row = PersonalToken.objects.filter(secret_digest=digest(token)).first()
    if row is None:
        raise Unauthenticated()
    return {
        "aud": settings.REST_RESOURCE,
        "sub": str(row.person_id),
        "client_id": public_id("pat", row.pk),
        "iat": int(row.created_at.timestamp()),
        "exp": int(row.expires_at.timestamp()),
        "jti": str(row.pk),
    }
