"""Which tokens are in force: read when a request is authenticated, and again by each operation in
its own transaction (`access.authentication`).
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery

from access.authentication import Authentication
from foundation.db.clock import DatabaseClock
from foundation.db.ids import NO_ID
from identity.models import AccessToken, ClientState
from identity.service_accounts.models import PersonalToken
from tenants.models import Membership


def agents_tokens() -> QuerySet[AccessToken]:
    """The access tokens of people's agents; `role` is the membership's."""
    return (
        _unexpired()
        .annotate(role=_role("consent__"))
        .filter(
            application_id=F("consent__client_id"),
            consent__ended_at=None,
            consent__client__state=ClientState.ACTIVE,
            consent__person__is_active=True,
            consent__tenant__suspended_at=None,
            role__isnull=False,
        )
    )


def accounts_tokens() -> QuerySet[AccessToken]:
    """The access tokens of service accounts. The account's own state is behind row-level security
    and is read with its grants, inside each operation.
    """
    return _unexpired().filter(
        application_id=F("proof__client_id"),
        proof__client__state=ClientState.ACTIVE,
        proof__client__tenant__suspended_at=None,
    )


def personal_tokens() -> QuerySet[PersonalToken]:
    """Personal tokens; `role` is the membership's."""
    return PersonalToken.objects.annotate(role=_role("")).filter(
        revoked_at=None,
        expires_at__gt=DatabaseClock(),
        person__is_active=True,
        tenant__suspended_at=None,
        role__isnull=False,
    )


def by_agents_token(token_id: UUID) -> Authentication:
    """True while this access token of an agent is in force."""
    return _by(agents_tokens, token_id)


def by_accounts_token(token_id: UUID) -> Authentication:
    """True while this access token of a service account is in force."""
    return _by(accounts_tokens, token_id)


def by_personal_token(token_id: UUID) -> Authentication:
    """True while this personal token is in force."""
    return _by(personal_tokens, token_id)


def _by(rows: Callable[[], QuerySet[Any]], row_id: UUID) -> Authentication:
    """The query for one row, as a condition."""
    condition, parameters = _compiled(rows)
    filled = tuple(row_id if value == NO_ID else value for value in parameters)
    return Authentication(condition, filled)


@cache
def _compiled(rows: Callable[[], QuerySet[Any]]) -> tuple[str, tuple[object, ...]]:
    """The SQL of the query for the id NO_ID, compiled once and not for every call."""
    sql, parameters = rows().filter(pk=NO_ID).values("pk").query.sql_with_params()
    return f"EXISTS ({sql})", tuple(parameters)


def _unexpired() -> QuerySet[AccessToken]:
    return AccessToken.objects.filter(expires__gt=DatabaseClock(), signing_key__withdrawn_at=None)


def _role(of: str) -> Subquery:
    """The role of the membership for which the token was issued, while that membership lasts."""
    return Subquery(
        Membership.objects.filter(
            pk=OuterRef(f"{of}membership_id"),
            tenant_id=OuterRef(f"{of}tenant_id"),
            person_id=OuterRef(f"{of}person_id"),
            suspended_at=None,
        ).values("role")[:1]
    )
