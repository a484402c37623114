"""Whom a token stands for: its row, if it and everybody behind it are in force by the database's
clock. One query a call; nothing is remembered from call to call.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery

from access.actions import Door
from access.actor import Actor
from access.errors import Unauthenticated
from access.levels import Role
from credentials.rights import DatabaseClock
from identity.machines.models import PersonalToken
from identity.marked import Mark, is_marked
from identity.models import AccessToken, ClientState
from identity.tokens import digest
from tenants.models import Membership

ENDED = "The access token has expired or was revoked."
NOTED_EVERY = timedelta(minutes=1)


def agent_behind(claims: dict[str, Any], token: str, key_id: UUID, door: Door) -> Actor:
    """A person's agent, by the consent that the person gave."""
    row: Any = (
        _living(claims, token, key_id)
        .select_related("consent")
        .annotate(role=_role("consent__"))
        .filter(
            application_id=F("consent__client_id"),
            consent__ended_at=None,
            consent__client__client_id=claims["client_id"],
            consent__client__state=ClientState.ACTIVE,
            consent__person=claims["sub"],
            consent__person__is_active=True,
            consent__tenant__suspended_at=None,
            consent__resource=claims["aud"],
            role__isnull=False,
        )
        .first()
    )
    if row is None:
        raise Unauthenticated(ENDED)
    return Actor(
        tenant_id=row.consent.tenant_id,
        door=door,
        person_id=row.consent.person_id,
        role=Role(row.role),
        client_id=row.consent.client_id,
        agent_id=row.consent.agent_id,
        agent_name=row.consent.agent_name,
        scopes=frozenset(row.scope.split()),
        token_id=str(row.pk),
    )


def account_behind(claims: dict[str, Any], token: str, key_id: UUID, door: Door) -> Actor:
    """A service account, by the secret or key that it got the token with. Its own state is
    behind row-level security and read with its grants, inside each operation.
    """
    row: Any = (
        _living(claims, token, key_id)
        .select_related("proof__client")
        .filter(
            application_id=F("proof__client_id"),
            proof__client__client_id=claims["client_id"],
            proof__client__state=ClientState.ACTIVE,
            proof__client__tenant__suspended_at=None,
            resource=[claims["aud"]],
        )
        .first()
    )
    if row is None:
        raise Unauthenticated(ENDED)
    client = row.proof.client
    return Actor(
        tenant_id=client.tenant_id,
        door=door,
        service_account_id=client.service_account_id,
        client_id=client.pk,
        scopes=frozenset(row.scope.split()),
        token_id=str(row.pk),
    )


def person_behind(token: str, door: Door, address: str) -> Actor:
    """A person, by a token of their own; leases are bound to it as to a client."""
    if not is_marked(Mark.PERSONAL_TOKEN, token):
        raise Unauthenticated(ENDED)
    row: Any = (
        PersonalToken.objects.annotate(role=_role(""), now=DatabaseClock())
        .filter(
            secret_digest=digest(token),
            revoked_at=None,
            expires_at__gt=DatabaseClock(),
            person__is_active=True,
            tenant__suspended_at=None,
            role__isnull=False,
        )
        .first()
    )
    if row is None:
        raise Unauthenticated(ENDED)
    if row.last_used_at is None or row.now - row.last_used_at >= NOTED_EVERY:
        used = {"last_used_at": row.now, "last_address": address}
        PersonalToken.objects.filter(pk=row.pk).update(**used)
    return Actor(
        tenant_id=row.tenant_id,
        door=door,
        person_id=row.person_id,
        role=Role(row.role),
        client_id=row.pk,
        scopes=frozenset(row.scope.split()),
        only=frozenset(row.only) if row.only is not None else None,
        token_id=str(row.pk),
    )


def _living(claims: dict[str, Any], token: str, key_id: UUID) -> QuerySet[AccessToken]:
    try:
        jti = UUID(claims["jti"])
    except ValueError:
        raise Unauthenticated(ENDED) from None
    return AccessToken.objects.filter(
        pk=jti,
        token_checksum=digest(token),
        expires__gt=DatabaseClock(),
        signing_key=key_id,
        signing_key__withdrawn_at=None,
    )


def _role(of: str) -> Subquery:
    """The role of the membership that stood when it was given, while it stands."""
    return Subquery(
        Membership.objects.filter(
            pk=OuterRef(f"{of}membership_id"),
            tenant_id=OuterRef(f"{of}tenant_id"),
            person_id=OuterRef(f"{of}person_id"),
            suspended_at=None,
        ).values("role")[:1]
    )
