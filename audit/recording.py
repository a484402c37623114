"""Checks, transaction and audit entry in one block: the only way to change anything.

`audited` is for operations, which own their transaction. `record_in_transaction` joins a
transaction that is already open, as in identity's protocol views. Either way, no entry means no
action (A4).
"""

import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any, NoReturn, TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Model

from access.actions import Action
from access.actor import Actor
from access.levels import Role
from access.tenancy import (
    Facts,
    acting_transaction,
    joined_transaction,
    reading_transaction,
    shared_transaction,
    tenant_transaction,
    use_tenant,
)
from audit.domain_events import DomainEvent, publish_on_commit
from audit.events import REFUSED, Event, Outcome
from audit.metrics import refusals
from audit.models import Entry
from foundation.db.clock import database_now
from foundation.db.ids import uuid7
from foundation.db.prepared import Statement, fetch, insert, together
from foundation.errors import (
    ApprovalPending,
    Denied,
    InsufficientScope,
    LeaseOver,
    NotFound,
    QuotaExceeded,
    Unauthenticated,
    Unavailable,
    VaultError,
)

log = logging.getLogger(__name__)

# The tenant id of the installation's own log (A9): for what happens outside any tenant.
INSTALLATION = UUID(int=0)

_REFUSALS = (Denied, InsufficientScope, NotFound, LeaseOver, Unauthenticated, QuotaExceeded)


class EntryFields(TypedDict, total=False):
    """The columns that an operation fills in as it learns them."""

    purpose: str
    credential_id: UUID | None
    credential_key: str
    version: int | None
    lease_id: UUID | None


@dataclass(slots=True)
class EntryDraft:
    """The entry that the running operation will leave. It never contains a secret value."""

    event: Event
    purpose: str = ""
    credential_id: UUID | None = None
    credential_key: str = ""
    version: int | None = None
    lease_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)
    discarded: bool = False
    # What the operation read at its beginning, and what it leaves to be written with the entry.
    facts: tuple[Any, ...] = field(default=(), repr=False)
    writes: list[Statement[Any]] = field(default_factory=list, repr=False)
    # What the operation read of its actor, when that was newer than the actor.
    role: Role | None = None
    agent_name: str = ""
    at: datetime | None = None

    def discard(self) -> None:
        """Write no entry: the operation found nothing to change."""
        self.discarded = True

    def set_fields(self, **fields: Unpack[EntryFields]) -> None:
        """Fill in columns of the entry early, so that a refusal names them too."""
        for name, value in fields.items():
            setattr(self, name, value)

    def add_details(self, **facts: Any) -> None:
        """Add to the entry's details: counts, codes, ids, names; listed at each call."""
        self.details.update(facts)


@contextmanager
def audited(
    actor: Actor, action: Action, event: Event, facts: Facts = tuple
) -> Iterator[EntryDraft]:
    """Run the body as `actor` in one durable transaction that ends with its audit entry.

    The commit happens before the block is left, so the entry is on disk before the caller answers.
    A refusal or failure rolls everything back and is recorded in a transaction of its own. Raises
    what the body raises; Unauthenticated when the actor's token or session has ended; Unavailable
    when the database cannot be written.
    """
    draft = EntryDraft(event)
    try:
        actor.require(action)
        with acting_transaction(actor, facts) as draft.facts:
            yield draft
            if not draft.discarded:
                record(actor, draft, commit=True)
    except SynchronousOnlyOperation:  # it is decided again in a thread
        raise
    except VaultError as error:
        _record_refusal(actor, draft, error)
        raise
    except (DatabaseError, InterfaceError) as error:
        _unavailable(actor, draft, error)
    except Exception:
        _record_apart(actor, draft, Outcome.FAILED, "internal/error")
        raise


@contextmanager
def read_only(actor: Actor, action: Action, facts: Facts = tuple) -> Iterator[EntryDraft]:
    """Run a body that discloses no secret; only a refusal leaves an entry."""
    draft = EntryDraft(Event.ACCESS_DENIED)
    draft.add_details(action=str(action))
    try:
        actor.require(action)
        with reading_transaction(actor, facts) as draft.facts:
            yield draft
    except VaultError as error:
        if _outcome(error) is Outcome.DENIED:
            _record_refusal(actor, draft, error)
        raise
    except (DatabaseError, InterfaceError) as error:
        log.error("%s failed: %s", action, type(error).__name__)
        raise Unavailable() from None


def record(
    actor: Actor, draft: EntryDraft, outcome: Outcome = Outcome.OK, *, commit: bool = False
) -> None:
    """Write the entry, after the draft's other writes, in the running transaction of its tenant.

    `commit` says that the transaction ends with it.
    """
    values: dict[str, Any] = {
        "id": uuid7(),
        "tenant_id": actor.tenant_id,
        "at": draft.at or database_now(),
        "event": draft.event,
        "outcome": outcome,
        "door": actor.channel,
        "role": draft.role or actor.role or "",
        "person_id": actor.person_id,
        "service_account_id": actor.service_account_id,
        "client_id": actor.client_id,
        "agent_id": actor.agent_id,
        "agent_name": draft.agent_name or actor.agent_name,
        "machinery": actor.system,
        "token_id": actor.token_id,
        "request_id": actor.request_id,
        "address": actor.address,
        "purpose": draft.purpose,
        "credential_id": draft.credential_id,
        "credential_key": draft.credential_key,
        "version": draft.version,
        "lease_id": draft.lease_id,
        "claimed": dict(actor.claimed),
        "details": draft.details,
    }
    values["mac"] = _mac(values)
    publish_on_commit(DomainEvent(actor.tenant_id, draft.event, values["id"]))
    fetch(together(*draft.writes, insert(Entry, values)), commit=commit)


def record_in_transaction(
    actor: Actor, event: Event, *, outcome: Outcome = Outcome.OK, **facts: Any
) -> None:
    """Write an entry in the caller's open transaction; `facts` are its details.

    For the toolkit's views, in which a durable block cannot be nested.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("record_in_transaction needs an open transaction")
    use_tenant(actor.tenant_id)
    draft = EntryDraft(event)
    draft.add_details(**facts)
    record(actor, draft, outcome)


def record_separately(
    actor: Actor, event: Event, *, outcome: Outcome = Outcome.OK, **facts: Any
) -> None:
    """Write an entry in a transaction of its own, for example of a failed sign-in."""
    with tenant_transaction(actor.tenant_id, durable=False):
        record_in_transaction(actor, event, outcome=outcome, **facts)


# Refusals inside `atomic_operations`; they are recorded after it, also when it rolls back.
_refused: ContextVar[list[tuple[EntryDraft, Outcome]] | None] = ContextVar("refused", default=None)


@contextmanager
def atomic_operations(actor: Actor) -> Iterator[None]:
    """Commit or roll back the operations inside and what the caller writes with them together.

    A refusal keeps what was done before it, such as a request for approval; a defect keeps nothing.
    The caller must not answer before the block is left.
    """
    with _in_one(joined_transaction(actor.tenant_id), actor):
        yield


@contextmanager
def reading_operations(actor: Actor) -> Iterator[None]:
    """The same for operations that only read: the actor's authentication is checked once, and their
    membership and grants are read once.
    """
    with _in_one(shared_transaction(actor), actor):
        yield


@contextmanager
def _in_one(block: AbstractContextManager[None], actor: Actor) -> Iterator[None]:
    refused: list[tuple[EntryDraft, Outcome]] = []
    token = _refused.set(refused)
    refusal: VaultError | None = None
    try:
        with block:
            try:
                yield
            except VaultError as error:
                refusal = error
    except (DatabaseError, InterfaceError) as error:
        log.error("a joined transaction failed: %s", type(error).__name__)
        raise Unavailable() from None
    finally:
        _refused.reset(token)
        for draft, outcome in refused:
            _record_now(actor, draft, outcome)
    if refusal is not None:
        raise refusal


def _outcome(error: VaultError) -> Outcome:
    if isinstance(error, ApprovalPending):
        return Outcome.OK
    return Outcome.DENIED if isinstance(error, _REFUSALS) else Outcome.FAILED


def _record_refusal(actor: Actor, draft: EntryDraft, error: VaultError) -> None:
    draft.add_details(code=error.code)
    _record_apart(actor, draft, _outcome(error), error.code)


def _record_apart(actor: Actor, draft: EntryDraft, outcome: Outcome, code: str) -> None:
    """Record a refusal in its own transaction; Unavailable when even that fails."""
    draft.event = REFUSED.get(draft.event, draft.event)
    draft.add_details(code=code)
    refusals.labels(code).inc()
    draft.writes, draft.at = [], None  # they were rolled back, and time has passed
    waiting = _refused.get()
    if waiting is None:
        _record_now(actor, draft, outcome)
    else:
        waiting.append((draft, outcome))


def _record_now(actor: Actor, draft: EntryDraft, outcome: Outcome) -> None:
    try:
        with tenant_transaction(actor.tenant_id):
            record(actor, draft, outcome)
    except (DatabaseError, InterfaceError):
        log.error("a refusal (%s) could not be recorded", draft.event)
        raise Unavailable() from None


def _unavailable(actor: Actor, draft: EntryDraft, error: Exception) -> NoReturn:
    """Nothing was committed: try to record the failure, then raise Unavailable.

    Only the error's type is logged, because its text may quote a row.
    """
    log.error("%s failed: %s", draft.event, type(error).__name__)
    _record_apart(actor, draft, Outcome.FAILED, Unavailable.code)
    raise Unavailable() from None


def entry_mac(entry: Entry) -> bytes:
    """HMAC-SHA256 over the entry's canonical JSON, keyed from outside the database (A5)."""
    fields = [field.attname for field in Entry._meta.concrete_fields if field.attname != "mac"]
    return _mac({name: getattr(entry, name) for name in fields})


def _mac(values: Mapping[str, Any]) -> bytes:
    return hmac.digest(_mac_key(), _canonical(values).encode(), sha256)


@cache
def _mac_key() -> bytes:
    key: bytes = settings.ENVIRONMENT.audit_key.get_secret_value().encode()
    return key


def _plain(value: Any) -> str:
    if isinstance(value, Model):
        raise TypeError("an entry contains plain ids, no rows")
    return str(value)


# Of an entry's values; what JSON does not know is written as text.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain).encode
