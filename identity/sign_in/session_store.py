"""Browser sessions under a digest: a copy of the table signs nobody in."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Self, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from identity.models import BrowserSession

SIGN_IN = "sign_in"  # in the session: when, from where and with what browser somebody signed in
SEEN_EVERY = timedelta(minutes=1)


class SessionStore(db.SessionStore):
    """SESSION_ENGINE. The cookie contains the key, the row 160 bits of its SHA-256.

    Because of the hash a cookie may contain anything: there is then no such row, and no session.
    """

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def _get_session_from_db(self) -> BrowserSession | None:
        now = timezone.now()
        row = BrowserSession.objects.filter(
            session_key=digest(self.session_key or ""), expire_date__gt=now
        ).first()
        if row is None:
            self._session_key = None
        elif row.last_seen_at < now - SEEN_EVERY:
            BrowserSession.objects.filter(pk=row.pk).update(last_seen_at=now)
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(digest(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        """The row for these data, with person and sign-in in columns of their own for lists."""
        row = cast(BrowserSession, super().create_model_instance(data))
        row.session_key = digest(row.session_key)
        row.last_seen_at = timezone.now()
        sign_in = data.get(SIGN_IN)
        if sign_in and (person := data.get(SESSION_KEY)):
            row.person_id = person
            row.signed_in_at = datetime.fromisoformat(sign_in["at"])
            row.address, row.browser = sign_in["address"], sign_in["browser"]
        return row

    def with_data_of(self, row: BrowserSession) -> Self:
        """The store with the data of a row that was fetched already."""
        self._session_cache = self.decode(row.session_data)
        return self

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(digest(key))


def unexpired_sessions(keys: Collection[str]) -> dict[str, SessionStore]:
    """The unexpired sessions among `keys`, in one query; none counts as seen by it."""
    by_digest = {digest(key): key for key in keys}
    rows = BrowserSession.objects.filter(session_key__in=by_digest, expire_date__gt=timezone.now())
    by_key = ((by_digest[row.session_key], row) for row in rows)
    return {key: SessionStore(key).with_data_of(row) for key, row in by_key}


def digest(key: str) -> str:
    """The primary key of a session's row: as much of a SHA-256 as Django's column can contain."""
    return hashlib.sha256(b"session\0" + key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
