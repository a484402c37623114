"""Signed lease handles: what an agent redeems. Bound to holder and client; the row decides.

`vlt_lease_` ‖ base64url(format ‖ lease ‖ tenant ‖ holder ‖ client ‖ version ‖ max_expires_at ‖
MAC).
The MAC is HMAC-SHA256 under a key that serves nothing else and is kept outside the database. So a
copy of the database is useless for redeeming, and a forgery fails before anything is looked up.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from access.actor import Actor
from foundation.db.ids import parse_public_id
from foundation.db.pipeline import Rows
from foundation.db.prepared import Parameter, PreparedQuery, Statement, fetch
from foundation.errors import InvalidHandle, NotFound
from leases.models import Lease, LeaseState

PREFIX = "vlt_lease_"
FORMAT = 1
NO_CLIENT = UUID(int=0)
_IDS = 5
_BODY = 1 + 16 * _IDS + 8
_MAC = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a handle claims; the lease row has to agree."""

    lease_id: UUID
    tenant_id: UUID
    holder_id: UUID
    client_id: UUID | None
    version_id: UUID
    max_expires_at: datetime


def make_handle(lease: Lease) -> str:
    """The handle of an issued lease; always the same for the same lease."""
    assert lease.max_expires_at is not None
    ids = (
        lease.pk,
        lease.tenant_id,
        lease.holder_id,
        lease.client_id or NO_CLIENT,
        lease.version_id,
    )
    until = (lease.max_expires_at - _EPOCH) // _MICROSECOND
    body = bytes([FORMAT]) + b"".join(part.bytes for part in ids) + until.to_bytes(8, "big")
    return PREFIX + urlsafe_b64encode(body + _mac(body)).decode()


def open_handle(handle: str) -> Claims:
    """The claims of a genuine handle; InvalidHandle for anything else, without a reason (L5)."""
    try:
        blob = urlsafe_b64decode(handle.removeprefix(PREFIX).encode("ascii"))
    except ValueError:
        raise InvalidHandle() from None
    body, mac = blob[:_BODY], blob[_BODY:]
    genuine = hmac.compare_digest(mac, _mac(body)) and len(blob) == _BODY + _MAC
    # Comparing with the re-encoded bytes refuses every other spelling of them.
    if not genuine or PREFIX + urlsafe_b64encode(blob).decode() != handle or body[0] != FORMAT:
        raise InvalidHandle()
    ids = [UUID(bytes=body[1 + 16 * n : 17 + 16 * n]) for n in range(_IDS)]
    until = _EPOCH + int.from_bytes(body[-8:], "big") * _MICROSECOND
    client = None if ids[3] == NO_CLIENT else ids[3]
    return Claims(ids[0], ids[1], ids[2], client, ids[4], until)


def own_lease(actor: Actor, handle: str) -> Lease:
    """The caller's own lease, locked; InvalidHandle for everything else, indistinguishably (L5).

    A handle works only for the person or service account and the client it was issued to.
    """
    return fetch(lease_statement(actor, own_claims(actor, handle)))


def own_claims(actor: Actor, handle: str) -> Claims:
    """The claims of a handle that was issued to the caller; InvalidHandle for any other."""
    claims = open_handle(handle)
    mine = (claims.tenant_id, claims.holder_id, claims.client_id)
    if mine != (actor.tenant_id, actor.subject, actor.client_id):
        raise InvalidHandle()
    return claims


def lease_statement(actor: Actor, claims: Claims) -> Statement[Lease]:
    """Reads and locks the caller's lease; InvalidHandle when it is not as claimed, or another
    agent's.
    """
    query = LEASE_OF_ACCOUNT if actor.service_account_id else LEASE_OF_PERSON
    call = query(tenant=actor.tenant_id, holder=actor.subject, lease=claims.lease_id)
    claimed = (claims.client_id, claims.version_id, claims.max_expires_at, actor.agent_id)

    def read(rows: Rows) -> Lease:
        for lease in call.read(rows):
            if (lease.client_id, lease.version_id, lease.max_expires_at, lease.agent_id) == claimed:
                return lease
        raise InvalidHandle()

    return Statement(call.text, call.values, read)


def _lease_of(holder: str) -> PreparedQuery[Lease]:
    rows = Lease.objects.filter(
        tenant_id=Parameter("tenant"),
        pk=Parameter("lease"),
        **{holder: Parameter("holder")},
    )
    return PreparedQuery(lambda: rows.exclude(state=LeaseState.PENDING_APPROVAL).locked())


LEASE_OF_PERSON = _lease_of("person_id")
LEASE_OF_ACCOUNT = _lease_of("service_account_id")


def recompute_handle(actor: Actor, lease_id: str) -> str:
    """The handle of a lease that the caller was given before (L9).

    Needs the tenant's transaction. Whether the lease can still be read is decided when it is read.
    """
    lease = (
        Lease.objects.of(actor)
        .of_holder(actor)
        .filter(pk=parse_public_id("lease", lease_id))
        .filter(client_id=actor.client_id, agent_id=actor.agent_id)
        .exclude(issued_at=None)
        .first()
    )
    if lease is None:
        raise NotFound("There is no such lease.")
    return make_handle(lease)


def _mac(body: bytes) -> bytes:
    return hmac.digest(_key(), b"lease handle\0" + body, sha256)


@cache
def _key() -> bytes:
    key: bytes = settings.ENVIRONMENT.handle_key.get_secret_value().encode()
    return key
