"""Signed lease handles: what an agent redeems. Bound to holder and client; the row decides.

`vlt_lease_` ‖ base64url(format ‖ lease ‖ tenant ‖ holder ‖ client ‖ version ‖ max_expires_at ‖
MAC).
The MAC (HMAC-SHA256 under a key of its own purpose, kept outside the database) makes a copy of
the database useless for redeeming, and lets a forgery fail before anything is looked up.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from foundation.errors import InvalidHandle
from leases.models import Lease

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
    """What a handle says; worth nothing until the lease row agrees."""

    lease_id: UUID
    tenant_id: UUID
    holder_id: UUID
    client_id: UUID | None
    version_id: UUID
    max_expires_at: datetime


def make_handle(lease: Lease) -> str:
    """The handle of an issued lease; the same for the same lease every time."""
    assert lease.max_expires_at is not None
    ids = (
        lease.pk,
        lease.tenant_id,
        lease.holder_id,
        lease.client_id or NO_CLIENT,
        lease.version_id,
    )
    until = (lease.max_expires_at - _EPOCH) // _MICROSECOND
    body = bytes([FORMAT]) + b"".join(one.bytes for one in ids) + until.to_bytes(8, "big")
    return PREFIX + urlsafe_b64encode(body + _mac(body)).decode()


def open_handle(handle: str) -> Claims:
    """The claims of a handle of ours; InvalidHandle for anything else, without saying why (L5)."""
    try:
        blob = urlsafe_b64decode(handle.removeprefix(PREFIX).encode("ascii"))
    except ValueError:
        raise InvalidHandle() from None
    body, mac = blob[:_BODY], blob[_BODY:]
    genuine = hmac.compare_digest(mac, _mac(body)) and len(blob) == _BODY + _MAC
    # Encoding it again refuses every other spelling of the same bytes.
    if not genuine or PREFIX + urlsafe_b64encode(blob).decode() != handle or body[0] != FORMAT:
        raise InvalidHandle()
    ids = [UUID(bytes=body[1 + 16 * n : 17 + 16 * n]) for n in range(_IDS)]
    until = _EPOCH + int.from_bytes(body[-8:], "big") * _MICROSECOND
    client = None if ids[3] == NO_CLIENT else ids[3]
    return Claims(ids[0], ids[1], ids[2], client, ids[4], until)


def _mac(body: bytes) -> bytes:
    return hmac.digest(_key(), b"lease handle\0" + body, sha256)


@cache
def _key() -> bytes:
    key: bytes = settings.ENVIRONMENT.handle_key.get_secret_value().encode()
    return key
