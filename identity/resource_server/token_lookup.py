"""The actor of a token, if the token and what it depends on are in force by the database's clock.
One query per call; nothing is cached. The actor keeps the condition, for the operation to check
again.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from access.actions import Channel
from access.actor import Actor
from access.levels import Role
from foundation.db.clock import DatabaseClock
from foundation.errors import Unauthenticated
from identity.models import Client
from identity.resource_server.token_state import (
    accounts_tokens,
    agents_tokens,
    by_accounts_token,
    by_agents_token,
    by_personal_token,
    personal_tokens,
)
from identity.service_accounts.models import PersonalToken
from identity.tokens.secret_format import SecretPrefix, digest, has_secret_format

ENDED = "The access token has expired or was revoked."
RECORDED_EVERY = timedelta(minutes=1)


def agent_of_token(claims: dict[str, Any], token: str, key_id: UUID, channel: Channel) -> Actor:
    """A person's agent, by the person's consent."""
    row: Any = (
        agents_tokens()
        .select_related("consent")
        .annotate(
            registration=F("consent__client__registration_source"),
            software=F("consent__client__name"),
        )
        .filter(
            **_named(claims, token, key_id),
            consent__client__client_id=claims["client_id"],
            consent__person=claims["sub"],
            consent__resource=claims["aud"],
        )
        .first()
    )
    if row is None:
        raise Unauthenticated(ENDED)
    return Actor(
        tenant_id=row.consent.tenant_id,
        channel=channel,
        person_id=row.consent.person_id,
        role=Role(row.role),
        client_id=row.consent.client_id,
        agent_id=row.consent.agent_id,
        agent_name=row.consent.agent_name,
        client_name=row.software,
        scopes=frozenset(row.scope.split()),
        trusted_program=row.registration == Client.RegistrationSource.MANUAL,
        token_id=str(row.pk),
        authentication=by_agents_token(row.pk),
    )


def service_account_of_token(
    claims: dict[str, Any], token: str, key_id: UUID, channel: Channel
) -> Actor:
    """A service account, by the credential that the token was issued for. The account's own state
    is behind row-level security and is read with its grants, inside each operation.
    """
    row: Any = (
        accounts_tokens()
        .select_related("proof__client")
        .filter(
            **_named(claims, token, key_id),
            proof__client__client_id=claims["client_id"],
            resource=[claims["aud"]],
        )
        .first()
    )
    if row is None:
        raise Unauthenticated(ENDED)
    client = row.proof.client
    return Actor(
        tenant_id=client.tenant_id,
        channel=channel,
        service_account_id=client.service_account_id,
        client_id=client.pk,
        scopes=frozenset(row.scope.split()),
        trusted_program=True,
        token_id=str(row.pk),
        authentication=by_accounts_token(row.pk),
    )


def person_of_token(token: str, channel: Channel, address: str) -> Actor:
    """A person, by a personal token; leases are bound to the token as to a client."""
    if not has_secret_format(SecretPrefix.PERSONAL_TOKEN, token):
        raise Unauthenticated(ENDED)
    row: Any = (
        personal_tokens().annotate(now=DatabaseClock()).filter(secret_digest=digest(token)).first()
    )
    if row is None:
        raise Unauthenticated(ENDED)
    if row.last_used_at is None or row.now - row.last_used_at >= RECORDED_EVERY:
        used = {"last_used_at": row.now, "last_address": address}
        PersonalToken.objects.filter(pk=row.pk).update(**used)
    return Actor(
        tenant_id=row.tenant_id,
        channel=channel,
        person_id=row.person_id,
        role=Role(row.role),
        client_id=row.pk,
        scopes=frozenset(row.scope.split()),
        allowed_credentials=frozenset(row.only) if row.only is not None else None,
        trusted_program=True,
        token_id=str(row.pk),
        authentication=by_personal_token(row.pk),
    )


def _named(claims: dict[str, Any], token: str, key_id: UUID) -> dict[str, Any]:
    """The row of exactly this token, signed by this key."""
    try:
        jti = UUID(claims["jti"])
    except ValueError:
        raise Unauthenticated(ENDED) from None
    return {"pk": jti, "token_checksum": digest(token), "signing_key": key_id}
