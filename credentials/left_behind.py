"""What a person leaves behind among grants and credentials."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from access.actor import Actor
from access.left_behind import MOST_OF_A_KIND, LeftBehind, LeftBehindKind
from credentials.models import Credential, Grant, State, VersionState
from foundation.db.ids import public_id


def report_left_behind(actor: Actor, person_id: UUID, **_: Any) -> list[LeftBehind]:
    """Receiver of `left_behind_requested`."""
    return [*_grants(actor, person_id), *_stored_values(actor, person_id)]


def _grants(actor: Actor, person_id: UUID) -> Iterator[LeftBehind]:
    """The grants that they gave to others, in force or not."""
    rows = Grant.objects.of(actor).filter(given_by_id=person_id).exclude(person_id=person_id)
    names = ("credential", "folder", "person", "group", "service_account")
    for grant in rows.select_related(*names).order_by("pk")[:MOST_OF_A_KIND]:
        yield LeftBehind(LeftBehindKind.GRANT, public_id("grant", grant.pk), _describe(grant))


def _describe(grant: Grant) -> str:
    holder = grant.person or grant.group or grant.service_account
    whom = getattr(holder, "email", None) or getattr(holder, "name", "")
    if grant.credential is not None:
        return f"{grant.level} on {grant.credential.key} for {whom}"
    return f"{grant.level} on the folder {grant.folder.path if grant.folder else ''}/ for {whom}"


def _stored_values(actor: Actor, person_id: UUID) -> Iterator[LeftBehind]:
    """The credentials whose current value they stored."""
    rows = Credential.objects.of(actor).filter(
        versions__state=VersionState.CURRENT, versions__created_by_id=person_id
    )
    yield from known_credentials(rows)


def known_credentials(rows: QuerySet[Credential]) -> Iterator[LeftBehind]:
    """Those of the rows that are still kept, as credentials whose value somebody knows."""
    kept = rows.filter(state__in=[State.ACTIVE, State.ARCHIVED])
    for row in kept.order_by("key")[:MOST_OF_A_KIND]:
        yield LeftBehind(LeftBehindKind.CREDENTIAL, public_id("cred", row.pk), row.key)
