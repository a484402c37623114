"""REST calls as the signed-in person or service account."""

import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from vaultctl import oauth, sessions
from vaultctl.configuration import PipelineIdentity
from vaultctl.errors import NotSignedIn, Refused, VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.transport import exchange, new_client

REFRESH_BEFORE = 60.0
PAGE = 200


class Api:
    """The server's REST interface; safe to use from several threads."""

    def __init__(self, url: str, about: str, identity: PipelineIdentity | None = None) -> None:
        self.url = url
        self._http = new_client(about)
        self._identity = identity
        self._session: sessions.Session | None = None
        self._refreshing = threading.Lock()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """A GET; members that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, params=given)

    def send(
        self, method: str, path: str, body: Mapping[str, Any], *, once: bool = False
    ) -> dict[str, Any]:
        """A write; members that are None are left out. `once`: safe to repeat by its own key."""
        given = {name: value for name, value in body.items() if value is not None}
        headers = {"Idempotency-Key": secrets.token_hex(16)} if once else {}
        return self._call(method, path, json=given, headers=headers)

    def pages(self, path: str, member: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The items of all pages of a list."""
        cursor: str | None = None
        while True:
            page = self.get(path, limit=PAGE, cursor=cursor, **query)
            yield from page[member]
            cursor = page.get("nextCursor")
            if not cursor:
                return

    def token(self) -> str:
        """An access token that is valid for a while."""
        with self._refreshing:
            if self._session is None or self._session.expires_at - time.time() < REFRESH_BEFORE:
                self._session = self._renewed()
            return self._session.access

    def _call(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        answer = self._send(method, path, **parts)
        if answer.status_code == 401:
            with self._refreshing:
                self._session = self._renewed(refused=self._session)
            answer = self._send(method, path, **parts)
        return _parsed(answer)

    def _send(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        headers = {**parts.pop("headers", {}), "Authorization": f"Bearer {self.token()}"}
        return exchange(self._http, method, f"{self.url}/api/v1/{path}", headers=headers, **parts)

    def _renewed(self, refused: sessions.Session | None = None) -> sessions.Session:
        """A session other than the `refused` one; its refresh token is used by one process only."""
        if self._identity is not None:
            if refused is not None and self._identity.token_file:
                raise VaultctlError("The server refused the personal token.", Exit.NOT_SIGNED_IN)
            return oauth.pipeline_token(self._http, self.url, self._identity)
        store = sessions.open_store()
        with sessions.locked():
            stored = store.get(self.url)
            if stored is None:
                raise NotSignedIn(f"You are not signed in to {self.url}.")
            is_other = refused is None or stored.access != refused.access
            if is_other and stored.expires_at - time.time() >= REFRESH_BEFORE:
                return stored
            if not stored.refresh:
                raise NotSignedIn("The sign-in is over.")
            renewed = oauth.refresh(self._http, self.url, stored)
            store.put(self.url, renewed)
            return renewed


def segment(text: str) -> str:
    """A path's segment."""
    return quote(text, safe="")


def _parsed(answer: httpx2.Response) -> dict[str, Any]:
    if answer.status_code == 204:
        return {}
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise VaultctlError(
            f"The server answered HTTP {answer.status_code} without a readable body.",
            Exit.UNAVAILABLE,
        )
    if answer.is_success:
        return body
    raise Refused(answer.status_code, body)
