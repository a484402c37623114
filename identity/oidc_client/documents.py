"""Documents that providers publish, fetched through the guard and cached in this process.

Not in Redis, which holds nothing that sign-ins trust. A failure is cached for a short time too, so
that not everybody waits for a provider that hangs.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from foundation.bounded_dict import BoundedDict
from foundation.outgoing import CallFailed, NotAllowed, call

KEPT_SECONDS = 300.0
FAILURE_KEPT_SECONDS = 10.0
MOST_KEPT = 256
OK = 200


class ProviderFailed(Exception):
    """The provider did not answer, or not correctly; the text is safe to show."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document, or the failure to get it."""

    found: dict[str, Any] | None
    failure: str
    fetched_at: float

    def is_fresh(self, now: float) -> bool:
        seconds = FAILURE_KEPT_SECONDS if self.found is None else KEPT_SECONDS
        return now - self.fetched_at < seconds


class Documents:
    """The newest documents by address, a bounded number of them."""

    def __init__(self) -> None:
        self._kept = BoundedDict[str, _Kept](MOST_KEPT)
        self._lock = Lock()

    def find(self, url: str, tenant: str) -> dict[str, Any]:
        """The document at an address. Raises ProviderFailed; Unavailable, which is not cached."""
        with self._lock:
            kept = self._kept.get(url)
        if kept is None or not kept.is_fresh(time.monotonic()):
            kept = self._fetch(url, tenant)
        if kept.found is None:
            raise ProviderFailed(kept.failure)
        return kept.found

    def find_newer(self, url: str, tenant: str) -> dict[str, Any] | None:
        """The document fetched again; None when it was fetched a moment ago."""
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and time.monotonic() - kept.fetched_at < FAILURE_KEPT_SECONDS:
            return None
        return self._fetch(url, tenant).found

    def forget(self) -> None:
        """Forget everything, as in a new process."""
        with self._lock:
            self._kept.clear()

    def _fetch(self, url: str, tenant: str) -> _Kept:
        try:
            kept = _Kept(fetched("GET", url, tenant=tenant), "", time.monotonic())
        except ProviderFailed as error:
            kept = _Kept(None, str(error), time.monotonic())
        with self._lock:
            self._kept[url] = kept
        return kept


documents = Documents()


def fetched(
    method: str,
    url: object,
    *,
    tenant: str,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> dict[str, Any]:
    """A JSON object from one of a provider's addresses. Raises ProviderFailed, Unavailable."""
    if not isinstance(url, str):
        raise ProviderFailed("One of its addresses is not allowed.")
    try:
        answer = call(method, url, tenant=tenant, headers=headers, content=content)
        found = json.loads(answer.body) if answer.status == OK else None
    except NotAllowed:
        raise ProviderFailed("One of its addresses is not allowed.") from None
    except CallFailed:
        raise ProviderFailed("It does not answer.") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderFailed("It answers with something else than expected.")
    return found
