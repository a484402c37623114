"""Browser sessions in the database under a digest: a copy of the table signs nobody in."""

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone


class SessionStore(db.SessionStore):
    """SESSION_ENGINE. The cookie holds the key; the row holds 160 bits of its SHA-256.

    Hashing first also means that a cookie may hold anything: no such row, no session.
    """

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(
            session_key=_digest(self.session_key or ""), expire_date__gt=timezone.now()
        )
        row = found.first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(_digest(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(_digest(key))


def _digest(key: str) -> str:
    """As much of a SHA-256 as Django's column holds: 40 hexadecimal digits."""
    return hashlib.sha256(b"session\0" + key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
