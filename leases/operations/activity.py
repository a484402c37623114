"""What was used lately: of a credential or folder by whom, or by somebody which credentials."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q

from access.actions import Action
from access.actor import Actor
from access.tenancy import TenantQuerySet
from audit.events import Event, Outcome
from audit.models import Entry
from credentials.context import CredentialContext, operation
from credentials.permissions import below
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import Invalid, NotFound
from leases.models import Lease
from leases.shapes import ActivityOut, ShowActivity, UsageOut
from tenants.audit_names import ACTOR_COLUMNS, Names
from tenants.models import Agent, GroupMember

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
MOST_USED = 20
USES = (Event.CREDENTIAL_READ, Event.CREDENTIAL_USED)
BY_CREDENTIAL = ("credential_id",)


@dataclass(frozen=True, slots=True)
class _Subject:
    """The condition for entries and leases, which have columns of the same names."""

    rows: Q
    by: tuple[str, ...] = BY_CREDENTIAL


@operation(Action.SHOW_ACTIVITY)
def show_activity(context: CredentialContext, request: ShowActivity) -> ActivityOut:
    """Uses in the last 7 and 30 days, live leases, and the last activity.

    About a credential for those who see it; about a folder, what the caller sees in it; about
    people and agents, one's own, and for owners and admins everybody's.
    """
    subject, now = _subject(context, request), database_now()
    entries = Entry.objects.of(context.actor).filter(subject.rows)
    used = entries.filter(event__in=USES, outcome=Outcome.OK, at__gte=now - MONTH)
    rows = (
        used.values(*subject.by)
        .annotate(
            month=Count("pk"),
            week=Count("pk", filter=Q(at__gte=now - WEEK)),
            last=Max("at"),
            key=Max("credential_key"),
        )
        .order_by("-month", "-last")
    )
    shown = list(rows[:MOST_USED])
    by_actor = subject.by is ACTOR_COLUMNS
    return ActivityOut(
        last_at=_last(entries),
        live_leases=Lease.objects.of(context.actor).live().filter(subject.rows).count(),
        usage=_by_actor(context.actor, shown) if by_actor else _by_credential(context, shown),
    )


def _last(entries: TenantQuerySet[Entry]) -> datetime | None:
    found: datetime | None = entries.order_by("-at").values_list("at", flat=True).first()
    return found


def _subject(context: CredentialContext, request: ShowActivity) -> _Subject:
    given = request.model_dump(exclude_none=True)
    if len(given) != 1:
        raise Invalid("Exactly one of key, folderPath and the ids.", "key")
    if request.key is not None:
        credential = context.find(request.key)
        context.require(credential)
        return _Subject(Q(credential_id=credential.pk), ACTOR_COLUMNS)
    if request.folder_path is not None:
        inside = context.visible_credentials().filter(below("folder__path", request.folder_path))
        return _Subject(Q(credential_id__in=inside.values("pk")))
    return _of_somebody(context, request)


def _of_somebody(context: CredentialContext, request: ShowActivity) -> _Subject:
    """An agent, person, group or service account: one's own, or for owners and admins any."""
    actor = context.actor
    if request.agent_id is not None:
        agent_id = parse_public_id("agent", request.agent_id)
        agent = Agent.objects.of(actor).filter(pk=agent_id).first()
        if agent is None:
            raise NotFound("There is no such agent.")
        _require_own(context, agent.person_id)
        return _Subject(Q(agent_id=agent_id))
    if request.person_id is not None:
        person_id = parse_public_id("person", request.person_id)
        _require_own(context, person_id)
        return _Subject(Q(person_id=person_id))
    context.membership.require_admin()
    if request.group_id is not None:
        group_id = parse_public_id("group", request.group_id)
        people = GroupMember.objects.of(actor).filter(group_id=group_id)
        return _Subject(Q(person_id__in=people.values("person_id")))
    return _Subject(Q(service_account_id=parse_public_id("sa", request.service_account_id or "")))


def _require_own(context: CredentialContext, person_id: UUID) -> None:
    if person_id != context.actor.person_id and not context.membership.is_admin:
        raise NotFound("There is no such agent or member.")


def _by_credential(context: CredentialContext, rows: list[dict[str, Any]]) -> list[UsageOut]:
    ids = [row["credential_id"] for row in rows]
    keys: dict[UUID, str] = dict(
        context.visible_credentials().filter(pk__in=ids).values_list("pk", "key")
    )
    return [
        _usage(row, "credential", key, key or row["key"])
        for row in rows
        for key in [keys.get(row["credential_id"])]
    ]


def _by_actor(actor: Actor, rows: list[dict[str, Any]]) -> list[UsageOut]:
    names = Names.of_actors(actor, rows)
    return [_usage(row, *_who(row), *_names(names, row)) for row in rows]


def _who(row: dict[str, Any]) -> tuple[str, str | None]:
    """Kind and public id of the agent, service account or person; the id may be gone."""
    kinds = (("agent", "agent"), ("service_account", "sa"), ("person", "person"))
    for kind, prefix in kinds:
        if row[f"{kind}_id"]:
            return kind, public_id(prefix, row[f"{kind}_id"])
    return "person", None


def _names(names: Names, row: dict[str, Any]) -> tuple[str, str]:
    """The name, and of an agent the person's."""
    agent, who = names.agent(row), names.who(row)
    return (agent, who) if agent else (who, "")


def _usage(  # the members of the shape
    row: dict[str, Any], kind: str, public: str | None, name: str, of: str = ""
) -> UsageOut:
    return UsageOut.model_validate(
        {
            "kind": kind,
            "id": public,
            "name": name,
            "of": of,
            "week": row["week"],
            "month": row["month"],
            "last_at": row["last"],
        }
    )
