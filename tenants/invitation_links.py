"""The link of an invitation, computed from its id, so that nothing stored can open it.

base64url(invitation ‖ MAC). The MAC (HMAC-SHA256 with a key from outside the database, for this
purpose only) makes a copy of the database useless for joining. The row decides whether the
invitation is still open.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from foundation.db.ids import NO_ID

_ID = 16


def invitation_secret(invitation_id: UUID) -> str:
    """The end of the link; always the same for the same invitation."""
    body = invitation_id.bytes
    return urlsafe_b64encode(body + _mac(body)).decode().rstrip("=")


def invitation_link(invitation_id: UUID) -> str:
    """The link in the mail."""
    return f"{settings.PUBLIC_URL}/invitations/{invitation_secret(invitation_id)}"


def parse_invitation_secret(secret: str) -> UUID:
    """The invitation of a genuine secret; NO_ID, which no row has, for anything else."""
    try:
        blob = urlsafe_b64decode(secret.encode("ascii") + b"=" * (-len(secret) % 4))
    except ValueError:
        return NO_ID
    body, mac = blob[:_ID], blob[_ID:]
    return UUID(bytes=body) if hmac.compare_digest(mac, _mac(body)) else NO_ID


def _mac(body: bytes) -> bytes:
    key: bytes = settings.ENVIRONMENT.handle_key.get_secret_value().encode()
    return hmac.digest(key, b"invitation\0" + body, sha256)
