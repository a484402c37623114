"""Leases as vaultctl uses them: waiting for approval, renewing while a program runs, releasing."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, sleep
from typing import Any, Self

from vaultctl.api import Api, segment
from vaultctl.errors import Refused, VaultctlError

# A lease outlives a killed vaultctl by its own time only, which is less than two minutes.
RUN_SECONDS = 100
SLACK = 5  # seconds by which a renewal may fall short without the end being near
LONGEST_WAIT = 30
PENDING = "access/approval-pending"


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """What is asked for; repeated as it is while a person decides."""

    key: str
    purpose: str
    ttl: str | int | None = None
    version: str | None = None

    def body(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "purpose": self.purpose,
            "ttl": self.ttl,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Secret:
    """The answer to a read."""

    key: str
    type: str
    value: str = field(repr=False)
    fields: dict[str, str] = field(repr=False)
    version: int
    expires_at: str
    uses_left: int | None

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "type": self.type,
            "value": self.value,
            "secretFields": self.fields,
            "version": self.version,
        }


def take_lease(
    api: Api, request: LeaseRequest, *, note: Callable[[str], None], wait: bool
) -> dict[str, Any]:
    """A lease; while it needs a person's approval, wait and say where to give it."""
    return until_approved(
        lambda: api.send("POST", "leases", request.body(), once=True),
        lambda url: note(f"{request.key}: waits for approval at {url}"),
        wait=wait,
    )


def until_approved(
    call: Callable[[], dict[str, Any]], announce: Callable[[str], None], *, wait: bool
) -> dict[str, Any]:
    """The answer of `call`, repeated while a person has to approve; `announce` is told the page.

    Without `wait` the refusal is raised.
    """
    is_announced = False
    while True:
        try:
            return call()
        except Refused as refusal:
            if refusal.code != PENDING or not wait:
                raise
            if not is_announced:
                announce(str(refusal.problem.get("approvalUrl")))
                is_announced = True
            sleep(min(refusal.retry_after, LONGEST_WAIT))


def read_lease(api: Api, handle: str) -> Secret:
    """Redeem a handle; counts as a use and is in the audit log."""
    found = api.send("POST", "leases/read", {"leaseHandle": handle})
    return Secret(
        key=found["key"],
        type=found["type"],
        value=found["value"],
        fields=found["secretFields"],
        version=found["version"],
        expires_at=found["expiresAt"],
        uses_left=found["usesLeft"],
    )


def release(api: Api, handle: str) -> None:
    """Give a lease back."""
    api.send("POST", "leases/release", {"leaseHandle": handle})


class HeldLease:
    """A lease that is renewed while a program runs, and taken anew at its longest time.

    `ended` says why it can no longer be used; it is empty while the lease is in force. Its end is
    followed by this machine's steady clock, because the server's clock may be another.
    """

    def __init__(self, api: Api, request: LeaseRequest, lease: dict[str, Any]) -> None:
        self.request = request
        self._api = api
        self._lock = threading.Lock()
        self._ended = ""
        self._was_read = False
        self._replaced: str | None = None  # the handle of the lease before, for requests under way
        self._take(lease)

    def _take(self, lease: dict[str, Any]) -> None:
        self._id: str = lease["leaseId"]
        self._handle: str = lease["leaseHandle"]
        self._version = lease.get("version")
        self._expires_at: str = lease["expiresAt"]
        self._expires = monotonic() + int(lease["ttlSeconds"])

    @property
    def handle(self) -> str:
        """The handle; never shown or logged."""
        return self._handle

    @property
    def ended(self) -> str:
        """Why the lease is over, or "" while it is in force."""
        if not self._ended and monotonic() >= self._expires:
            return "The lease reached its end and was not renewed."
        return self._ended

    def read(self) -> Secret:
        """The value."""
        self._was_read = True
        return read_lease(self._api, self._handle)

    def renew(self) -> None:
        """Extend the lease; called at a third of its time, so that failures can be repeated."""
        if self._ended:
            return
        self._release_replaced()
        body = {"leaseHandle": self._handle, "ttl": RUN_SECONDS}
        try:
            renewed = self._api.send("POST", "leases/renew", body)
        except Refused as refusal:
            if refusal.status in (401, 403, 404, 409, 410):
                self._ended = refusal.message
            return
        except VaultctlError:
            return  # not reachable for the moment: `ended` says when it is too late
        self._expires += _seconds_between(self._expires_at, renewed["expiresAt"])
        self._expires_at = renewed["expiresAt"]
        if self._expires - monotonic() < RUN_SECONDS - SLACK:
            self._take_anew()

    def _take_anew(self) -> None:
        """Replace a lease that cannot be renewed for the whole time any more.

        The purpose and every check are those of the first lease. When it is refused, or waits for
        approval, the lease goes on to its end, and the next renewal tries again.
        """
        try:
            lease = self._api.send("POST", "leases", self.request.body(), once=True)
        except VaultctlError:
            return
        with self._lock:
            is_other_value = self._was_read and lease.get("version") != self._version
            if self._ended or is_other_value:  # the program has the value of the old version
                unwanted = lease["leaseHandle"]
            else:
                unwanted, self._replaced = None, self._handle
                self._take(lease)
        if unwanted:
            self._give_back(unwanted)

    def check(self) -> str:
        """Ask the server whether the lease is in force; the reason when it is not, or "".

        A revocation counts at once, and a server that cannot be asked counts as a refusal.
        """
        if self.ended:
            return self.ended
        asked = self._id
        try:
            state = self._api.get(f"leases/{segment(asked)}")["state"]
        except Refused as refusal:
            return refusal.message
        except VaultctlError as error:
            return f"The lease cannot be checked. {error.message}"
        if state != "active" and asked == self._id:
            self._ended = self._ended or f"The lease is {state}."
        return self._ended if asked == self._id else self.check()

    def release(self) -> None:
        """Give the lease back; a server that cannot be reached ends it by its time."""
        with self._lock:
            if self._ended == RELEASED:
                return
            self._ended = RELEASED
        self._release_replaced()
        self._give_back(self._handle)

    def _release_replaced(self) -> None:
        with self._lock:
            replaced, self._replaced = self._replaced, None
        if replaced:
            self._give_back(replaced)

    def _give_back(self, handle: str) -> None:
        try:
            release(self._api, handle)
        except VaultctlError:
            return


RELEASED = "The run is over."


class Renewer:
    """Renews leases in the background until it is stopped."""

    def __init__(self, leases: list[HeldLease], every: float = RUN_SECONDS / 3) -> None:
        self._leases = leases
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="renewer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            for lease in self._leases:
                lease.renew()


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
