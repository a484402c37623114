"""What a person leaves behind among members, groups and service accounts."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from access.actor import Actor
from access.left_behind import MOST_OF_A_KIND, LeftBehind, LeftBehindKind
from audit.events import Event, Outcome
from audit.models import Entry
from foundation.db.ids import parse_public_id, public_id
from tenants.models import (
    Group,
    Invitation,
    InvitationState,
    Membership,
    ServiceAccount,
    ServiceAccountState,
)


def report_left_behind(actor: Actor, person_id: UUID, **_: Any) -> list[LeftBehind]:
    """Receiver of `left_behind_requested`."""
    return [
        *_service_accounts(actor, person_id),
        *_invited_members(actor, person_id),
        *_groups(actor, person_id),
    ]


def _service_accounts(actor: Actor, person_id: UUID) -> Iterator[LeftBehind]:
    rows = ServiceAccount.objects.of(actor).filter(created_by_id=person_id)
    for row in rows.exclude(state=ServiceAccountState.REMOVED).order_by("name")[:MOST_OF_A_KIND]:
        yield LeftBehind(LeftBehindKind.SERVICE_ACCOUNT, public_id("sa", row.pk), row.name)


def _invited_members(actor: Actor, person_id: UUID) -> Iterator[LeftBehind]:
    """The members whom they invited: one may be an account of their own."""
    emails = Invitation.objects.filter(
        tenant_id=actor.tenant_id, invited_by_id=person_id, state=InvitationState.ACCEPTED
    )
    members = Membership.objects.filter(
        tenant_id=actor.tenant_id, person__email__in=emails.values("email")
    ).exclude(person_id=person_id)
    for member in members.select_related("person").order_by("person__email")[:MOST_OF_A_KIND]:
        id_ = public_id("person", member.person_id)
        yield LeftBehind(LeftBehindKind.MEMBER, id_, member.person.email)


def _groups(actor: Actor, person_id: UUID) -> Iterator[LeftBehind]:
    """The groups that they made or put people into, according to the audit log."""
    entries = Entry.objects.of(actor).filter(
        person_id=person_id,
        outcome=Outcome.OK,
        event__in=[Event.GROUP_CREATED, Event.GROUP_JOINED],
    )
    names = set(entries.values_list("details__group", flat=True))
    ids = [parse_public_id("group", name) for name in names if isinstance(name, str)]
    for group in Group.objects.of(actor).filter(pk__in=ids).order_by("name")[:MOST_OF_A_KIND]:
        yield LeftBehind(LeftBehindKind.GROUP, public_id("group", group.pk), group.name)
