"""What the requests on which people decide have in common – for leases, for access, for missing
credentials: who decides on them, the mails about them, and how they are listed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Literal, Protocol, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level
from access.tenancy import TenantOwned, TenantQuerySet
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.db.paging import page
from foundation.errors import Denied
from tenants.context import TenantContext
from tenants.models import Tenant
from tenants.notifications import notify_of_decision, notify_of_request

MAILS_PER_PERIOD, PERIOD = 10, timedelta(hours=1)
HISTORY = 10

M = TypeVar("M", bound=TenantOwned)
R = TypeVar("R", bound=Model)


class RequestFilter(Protocol):
    """A shape that chooses a page of requests."""

    @property
    def state(self) -> Literal["waiting", "decided", "any"]: ...
    @property
    def limit(self) -> int: ...
    @property
    def cursor(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Requests(Generic[M]):
    """The requests of one kind in the actor's tenant, and the conditions that sort them.

    `own_allowed`: people may always decide on their own.
    """

    rows: TenantQuerySet[M]
    own: Q
    decidable: Q
    waiting: Q
    own_allowed: bool = False


def list_requests(
    context: TenantContext, decide: Action, requests: Requests[M], chosen: RequestFilter
) -> tuple[list[M], int, str | None]:
    """A page of the requests that the actor made or could decide on, newest first.

    Answers the rows, how many requests in all wait for the actor's decision, and the cursor.
    """
    rows = requests.rows.filter(requests.own | requests.decidable)
    waiting = rows.filter(requests.waiting, requests.decidable)
    if not (requests.own_allowed or context.membership.tenant.self_approval):
        waiting = waiting.exclude(requests.own)
    if chosen.state != "any":
        rows = rows.filter(requests.waiting if chosen.state == "waiting" else ~requests.waiting)
    shown, cursor = page(
        rows, {"pk": UUID}, limit=chosen.limit, cursor=chosen.cursor, newest_first=True
    )
    decides_here = context.actor.channel in RULES[decide].channels
    return shown, waiting.count() if decides_here else 0, cursor


def may_decide(context: TenantContext, decide: Action, *, level: Level, own: bool) -> bool:
    """Whether the actor could decide on a waiting request, with that level on what it is about."""
    rule = RULES[decide]
    return (
        context.actor.channel in rule.channels
        and level >= deciding_level(decide)
        and (context.membership.tenant.self_approval or not own)
    )


def deciding_level(decide: Action) -> Level:
    """The level that a decision needs."""
    return RULES[decide].level or Level.ADMIN


def require_not_own(tenant: Tenant, *, own: bool) -> None:
    """Refuse to decide on one's own request, unless the tenant allows it."""
    if own and not tenant.self_approval:
        raise Denied("You cannot decide on your own request.")


def notify_deciders(
    actor: Actor, recent: QuerySet[R], *, requester: str, subject: str, link: str
) -> None:
    """Write the mails about a new request, up to a limit per requester and hour.

    `recent` are the requester's own requests, the new one included.
    """
    if recent.filter(requested_at__gt=database_now() - PERIOD).count() <= MAILS_PER_PERIOD:
        notify_of_request(actor, asker=requester, wish=subject, link=link)


def notify_requester(
    actor: Actor, person_id: UUID, *, approved: bool, subject: str, link: str
) -> None:
    """Write the mail about a decision."""
    notify_of_decision(actor, person_id, approved=approved, wish=subject, link=link)


def decision_url(kind: Literal["lease", "req", "creq"], request_id: UUID) -> str:
    """The page on which a person decides on a request."""
    return f"{settings.PUBLIC_URL}/approvals/{public_id(kind, request_id)}"
