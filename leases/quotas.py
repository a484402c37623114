"""How many leases there may be at a time, for a credential, a person and an agent (L7).

The limit of a credential is exact, because requests for a lease on it wait for each other, and so
is the number of different credentials that an agent and its person hold before they take another
one. A person's or service account's limits count over all agents, tokens and channels. The limits
per person and per agent prevent floods: while less than half of a limit is used, a process counts
only once a second and adds what it issued since. A limit that was lowered below what is remembered
is counted again at once.
"""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from access.actor import Actor
from credentials.models import Credential
from foundation.bounded_dict import BoundedDict
from foundation.db.pipeline import Rows
from foundation.db.prepared import PreparedText, Statement, fetch
from foundation.errors import QuotaExceeded
from leases.unusual_access import report_many_credentials
from tenants.models import Tenant

COUNTED_SECONDS = 1.0
REMEMBERED = 10_000

_WAIT_FOR_TURN = PreparedText("SELECT pg_advisory_xact_lock(hashtextextended(%(credential)s, 0))")


@dataclass(slots=True)
class LeaseCounts:
    """The live leases of one holder through one agent, as counted and issued since."""

    mine: int
    agent: int
    credentials: int  # different ones, of the agent
    my_credentials: int  # of the holder, through any agent
    counted_at: float
    known: set[UUID]  # credentials that are among them

    def are_low(self, tenant: Tenant) -> bool:
        """Whether one more lease, on a credential that is among them, needs no exact count."""
        return (
            self.mine * 2 < tenant.max_leases_per_person
            and self.agent * 2 < tenant.max_leases_per_agent
            and self.credentials <= tenant.max_credentials_per_agent
            and self.my_credentials <= tenant.max_credentials_per_person
        )


class CountMemory:
    """The counts of this process; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._counts = BoundedDict[tuple[UUID, UUID | None], LeaseCounts](REMEMBERED)
        self._lock = Lock()

    def add_lease(self, actor: Actor, tenant: Tenant, credential: Credential) -> bool:
        """Add one lease to the counts; False when they are old or not well below the limits, or
        when the credential is not surely among those that the holder has already.
        """
        with self._lock:
            counts = self._counts.get((actor.subject, actor.agent_id))
            if counts is None or time.monotonic() - counts.counted_at > COUNTED_SECONDS:
                return False
            has_lease = getattr(credential, "agent_has_lease", False)
            if not has_lease and credential.pk not in counts.known:
                return False
            if not counts.are_low(tenant):
                return False
            counts.mine += 1
            counts.agent += 1
            return True

    def keep(self, actor: Actor, counted: dict[str, int], credential: Credential) -> None:
        """Remember what was counted, with the lease that is being issued."""
        with self._lock:
            self._counts[actor.subject, actor.agent_id] = LeaseCounts(
                mine=counted["mine"] + 1,
                agent=counted["agent"] + 1,
                credentials=counted["others"] + 1,
                my_credentials=counted["my_others"] + 1,
                counted_at=time.monotonic(),
                known={credential.pk},
            )

    def clear(self) -> None:
        """Forget everything, as in a new process."""
        with self._lock:
            self._counts.clear()


memory = CountMemory()


def require_quota(actor: Actor, tenant: Tenant, credential: Credential) -> None:
    """Refuse one live lease too many on the credential, for the person or for the agent.

    `credential.agent_has_lease` says whether the agent has a lease on it: then it is no other
    credential for the agent and its person.
    """
    if credential.max_active_leases is not None:
        fetch(_WAIT_FOR_TURN(credential=str(credential.pk)))
        on_it = fetch(count_live(credential))
        _require_below(on_it, credential.max_active_leases, "this credential")
    if memory.add_lease(actor, tenant, credential):
        return
    counts = _count(actor, credential)
    _require_below(counts["mine"], tenant.max_leases_per_person, "one person")
    _require_below(counts["agent"], tenant.max_leases_per_agent, "one agent")
    _require_fewer(counts["others"], tenant.max_credentials_per_agent, "agent")
    _require_fewer(counts["my_others"], tenant.max_credentials_per_person, "person")
    if (counts["my_others"] + 1) * 2 > tenant.max_credentials_per_person:
        report_many_credentials(actor, tenant, counts["my_others"] + 1)
    memory.keep(actor, counts, credential)


def _count(actor: Actor, credential: Credential) -> dict[str, int]:
    query = _OF_ACCOUNT if actor.service_account_id else _OF_PERSON
    counted = fetch(
        query(
            tenant=actor.tenant_id,
            holder=actor.subject,
            agent=actor.agent_id,
            credential=credential.pk,
        )
    )
    return dict(zip(("mine", "agent", "others", "my_others"), counted[0], strict=True))


def _counting(holder: str) -> PreparedText:
    return PreparedText(
        "SELECT count(*), count(*) FILTER (WHERE agent_id = %(agent)s), count(DISTINCT"  # noqa: S608  # our own column
        " credential_id) FILTER (WHERE agent_id = %(agent)s AND credential_id <> %(credential)s),"
        " count(DISTINCT credential_id) FILTER (WHERE credential_id <> %(credential)s)"
        f" FROM lease WHERE tenant_id = %(tenant)s AND {holder} = %(holder)s"
        " AND state = 'active' AND expires_at > clock_timestamp()"
    )


_OF_PERSON = _counting("person_id")
_OF_ACCOUNT = _counting("service_account_id")
_ON_CREDENTIAL = PreparedText(
    "SELECT count(*) FROM lease WHERE tenant_id = %(tenant)s AND credential_id = %(credential)s"
    " AND state = 'active' AND expires_at > clock_timestamp()"
)


def count_live(credential: Credential, **_: Any) -> Statement[int]:
    """Counts the leases on a credential that can be read now; receiver of `live_lease_count`."""
    call = _ON_CREDENTIAL(tenant=credential.tenant_id, credential=credential.pk)
    return Statement(call.text, call.values, _first_value)


def _first_value(rows: Rows) -> int:
    count: int = rows[0][0]
    return count


def _require_fewer(count: int, limit: int, whose: str) -> None:
    if count >= limit:
        raise QuotaExceeded(
            f"One {whose} may hold {limit} different credentials at a time; release the leases you "
            "no longer need.",
            retryAfter=30,
        )


def _require_below(count: int, limit: int | None, whose: str) -> None:
    if limit is not None and count >= limit:
        raise QuotaExceeded(
            f"There may be {limit} live leases for {whose}; wait for one to end or release one.",
            retryAfter=30,
        )
