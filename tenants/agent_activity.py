"""When and from where an agent or a service account last called, recorded once a minute each.

A process remembers what it recorded, so other calls write nothing. A row that is locked at that
moment, for example to suspend the agent, is skipped and not waited for.
"""

import logging
import time
from threading import Lock
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.domain_events import DomainEvent, publish_on_commit
from foundation.bounded_dict import BoundedDict
from foundation.db.clock import database_now
from tenants.models import Agent, ServiceAccount

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
REMEMBERED = 10_000

FIRST_CALL = "agent.called"  # not an audit event: what an agent does has its own entries


class Memory:
    """What this process recorded and when; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._recorded = BoundedDict[UUID, float](REMEMBERED)
        self._lock = Lock()

    def is_due(self, subject_id: UUID) -> bool:
        """Whether no call was recorded within the last minute."""
        return time.monotonic() - self._recorded.get(subject_id, -EVERY_SECONDS) >= EVERY_SECONDS

    def take(self, subject_id: UUID) -> bool:
        """Whether to record a call now; True once a minute."""
        now = time.monotonic()
        with self._lock:
            if not self.is_due(subject_id):
                return False
            self._recorded[subject_id] = now
            return True

    def clear(self) -> None:
        """Forget everything, as in a new process."""
        with self._lock:
            self._recorded.clear()


memory = Memory()


def is_activity_due(actor: Actor) -> bool:
    """Whether `record_activity` would record this call."""
    subject_id = actor.agent_id or actor.service_account_id
    return subject_id is not None and memory.is_due(subject_id)


def record_activity(actor: Actor) -> None:
    """Record a call, once a minute; a failure here never fails the call."""
    subject_id = actor.agent_id or actor.service_account_id
    if subject_id is None or not memory.take(subject_id):
        return
    try:
        with tenant_transaction(actor.tenant_id, durable=False):
            (_record_agent if actor.agent_id else _record_account)(actor, subject_id)
    except (DatabaseError, InterfaceError) as error:
        log.warning("a call could not be recorded: %s", type(error).__name__)


def _record_agent(actor: Actor, agent_id: UUID) -> None:
    rows = Agent.objects.of(actor).filter(pk=agent_id)
    agent = rows.select_for_update(of=("self",), skip_locked=True).first()
    if agent is None:
        return
    agent.last_call_at, agent.last_address = database_now(), actor.address
    if agent.first_call_at is None:
        agent.first_call_at = agent.last_call_at
        publish_on_commit(DomainEvent(actor.tenant_id, FIRST_CALL))
    agent.save(update_fields=["first_call_at", "last_call_at", "last_address"])


def _record_account(actor: Actor, account_id: UUID) -> None:
    rows = ServiceAccount.objects.of(actor).filter(pk=account_id)
    account = rows.select_for_update(of=("self",), skip_locked=True).first()
    if account is not None:
        account.last_used_at, account.last_address = database_now(), actor.address
        account.save(update_fields=["last_used_at", "last_address"])
