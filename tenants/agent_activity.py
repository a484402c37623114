"""When and from where an agent or a service account last called: noted once a minute each.

A process remembers whom it noted, so all other calls write nothing; and a row that somebody holds
at this moment – to suspend the agent, say – is left alone instead of waited for.
"""

import logging
import time
from collections import OrderedDict
from threading import Lock
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.domain_events import DomainEvent, publish_on_commit
from foundation.db.clock import database_now
from tenants.models import Agent, ServiceAccount

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
REMEMBERED = 10_000

FIRST_CALL = "agent.called"  # no entry of the log: what an agent does has its own


class Memory:
    """Who was noted when, in this process; the longest ago is forgotten first."""

    def __init__(self) -> None:
        self._noted: OrderedDict[UUID, float] = OrderedDict()
        self._lock = Lock()

    def is_due(self, who: UUID) -> bool:
        """Whether to note a call now; True once a minute."""
        now = time.monotonic()
        with self._lock:
            if now - self._noted.get(who, -EVERY_SECONDS) < EVERY_SECONDS:
                return False
            self._noted[who] = now
            self._noted.move_to_end(who)
            if len(self._noted) > REMEMBERED:
                self._noted.popitem(last=False)
            return True

    def clear(self) -> None:
        """As in a new process."""
        with self._lock:
            self._noted.clear()


memory = Memory()


def record_activity(actor: Actor) -> None:
    """A call came in; nothing that goes wrong here stops it."""
    who = actor.agent_id or actor.service_account_id
    if who is None or not memory.is_due(who):
        return
    try:
        with tenant_transaction(actor.tenant_id, durable=False):
            (_note_agent if actor.agent_id else _note_account)(actor, who)
    except (DatabaseError, InterfaceError) as error:
        log.warning("a call could not be noted: %s", type(error).__name__)


def _note_agent(actor: Actor, agent_id: UUID) -> None:
    rows = Agent.objects.of(actor).filter(pk=agent_id)
    agent = rows.select_for_update(of=("self",), skip_locked=True).first()
    if agent is None:
        return
    agent.last_call_at, agent.last_address = database_now(), actor.address
    if agent.first_call_at is None:
        agent.first_call_at = agent.last_call_at
        publish_on_commit(DomainEvent(actor.tenant_id, FIRST_CALL))
    agent.save(update_fields=["first_call_at", "last_call_at", "last_address"])


def _note_account(actor: Actor, account_id: UUID) -> None:
    rows = ServiceAccount.objects.of(actor).filter(pk=account_id)
    account = rows.select_for_update(of=("self",), skip_locked=True).first()
    if account is not None:
        account.last_used_at, account.last_address = database_now(), actor.address
        account.save(update_fields=["last_used_at", "last_address"])
