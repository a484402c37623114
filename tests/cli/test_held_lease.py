"""A lease while a program runs: renewed, checked before every use, and refused when unsure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from vaultctl import leasing
from vaultctl.api import Api
from vaultctl.errors import Refused, VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.leasing import HeldLease, LeaseRequest

START = datetime(2030, 1, 1, tzinfo=UTC)
AWAY = VaultctlError("The server cannot be reached (ConnectError).", Exit.UNAVAILABLE)
SECRET = {
    "key": "k",
    "type": "api-key",
    "value": "v",
    "secretFields": {},
    "version": 1,
    "expiresAt": "",
    "usesLeft": None,
}
REVOKED = Refused(410, {"code": "lease/revoked", "title": "Lease revoked"})


@dataclass
class Server:
    """Answers what a test says; an exception is raised."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def get(self, path: str) -> Any:
        return self._answer(path)

    def send(self, _method: str, path: str, body: dict[str, Any], *, once: bool = False) -> Any:
        del once
        self.sent.append((path, body))
        return self._answer(path)

    def _answer(self, path: str) -> Any:
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Clock:
    """The steady clock of this machine."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(leasing, "monotonic", found.monotonic)
    return found


def held(server: Server, seconds: int = 100) -> HeldLease:
    """A lease that was just taken."""
    return HeldLease(cast(Api, server), LeaseRequest("k", "why"), answered(1, seconds))


def answered(number: int, seconds: int = 100, version: int = 1) -> dict[str, Any]:
    """What the server answers to a request for a lease."""
    return {
        "leaseId": f"lease_{number}",
        "leaseHandle": f"vlt_lease_{number}",
        "version": version,
        "ttlSeconds": seconds,
        "expiresAt": at(seconds),
    }


def at(seconds: float) -> str:
    """A time of the server, whose clock is years ahead of this machine's."""
    return (START + timedelta(seconds=seconds)).isoformat()


def test_a_lease_ends_by_the_steady_clock(clock: Clock) -> None:
    lease = held(Server())
    clock.now += 99
    assert lease.ended == ""
    clock.now += 1
    assert "end" in lease.ended


def test_renewing_moves_the_end_by_what_the_server_gave(clock: Clock) -> None:
    server = Server({"leases/renew": {"expiresAt": at(130)}})
    lease = held(server)
    clock.now += 33
    lease.renew()
    clock.now += 96
    assert lease.ended == ""
    clock.now += 1
    assert lease.ended


def test_a_server_that_is_away_for_a_moment_does_not_end_the_lease(clock: Clock) -> None:
    server = Server({"leases/renew": AWAY})
    lease = held(server)
    clock.now += 33
    lease.renew()
    assert lease.ended == ""
    clock.now += 67
    assert lease.ended


def test_a_refused_renewal_ends_it_at_once(clock: Clock) -> None:
    lease = held(Server({"leases/renew": REVOKED}))
    lease.renew()
    assert lease.ended == "Lease revoked"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"state": "active"}, ""),
        ({"state": "revoked"}, "The lease is revoked."),
        ({"state": "consumed"}, "The lease is consumed."),
        (AWAY, "The lease cannot be checked."),
        (Refused(401, {"title": "Not signed in"}), "Not signed in"),
    ],
)
def test_it_is_checked_before_every_use(clock: Clock, answer: Any, reason: str) -> None:
    server = Server({"leases/lease_1": answer})
    lease = held(server)
    found = lease.check()
    assert found.startswith(reason)
    assert bool(found) is bool(reason)


def test_a_lease_that_is_over_is_not_asked_about_again(clock: Clock) -> None:
    server = Server({"leases/lease_1": {"state": "revoked"}})
    lease = held(server)
    assert lease.check() == lease.check() == "The lease is revoked."
    assert server.asked == ["leases/lease_1"]


def test_a_lease_in_a_run_is_shorter_than_what_may_outlive_it() -> None:
    assert leasing.RUN_SECONDS < 120


def test_releasing_never_fails(clock: Clock) -> None:
    server = Server({"leases/release": AWAY})
    lease = held(server)
    lease.release()
    lease.release()
    assert server.asked == ["leases/release"]
    assert lease.ended


def at_its_longest(server: Server, clock: Clock) -> HeldLease:
    """A lease that a renewal no longer extends, 50 seconds before its end."""
    server.answers |= {"leases/renew": {"expiresAt": at(100)}, "leases/release": {}}
    lease = held(server)
    clock.now += 50
    return lease


def test_a_lease_at_its_longest_time_is_taken_anew(clock: Clock) -> None:
    server = Server({"leases": answered(2), "leases/lease_2": {"state": "active"}})
    lease = at_its_longest(server, clock)

    lease.renew()

    assert lease.handle == "vlt_lease_2"
    assert ("leases", LeaseRequest("k", "why").body()) in server.sent
    assert "leases/release" not in server.asked  # a request with the old one may be under way
    clock.now += 99
    assert lease.check() == ""
    lease.release()
    released = [body["leaseHandle"] for path, body in server.sent if path == "leases/release"]
    assert released == ["vlt_lease_1", "vlt_lease_2"]


def test_a_revoked_lease_is_not_taken_anew(clock: Clock) -> None:
    server = Server({"leases": answered(2)})
    lease = at_its_longest(server, clock)
    server.answers["leases/renew"] = REVOKED

    lease.renew()
    lease.renew()

    assert "leases" not in server.asked
    assert lease.ended == "Lease revoked"


def test_a_lease_that_is_refused_anew_ends_at_its_time(clock: Clock) -> None:
    server = Server({"leases": Refused(409, {"code": leasing.PENDING})})
    lease = at_its_longest(server, clock)

    lease.renew()

    assert (lease.handle, lease.ended) == ("vlt_lease_1", "")
    clock.now += 50
    assert "end" in lease.ended


def test_another_version_does_not_replace_the_one_whose_value_is_in_use(clock: Clock) -> None:
    server = Server({"leases": answered(2, version=2), "leases/read": SECRET})
    lease = at_its_longest(server, clock)
    lease.read()

    lease.renew()

    assert lease.handle == "vlt_lease_1"
    assert ("leases/release", {"leaseHandle": "vlt_lease_2"}) in server.sent


def test_without_the_value_another_version_is_taken(clock: Clock) -> None:
    lease = at_its_longest(Server({"leases": answered(2, version=2)}), clock)

    lease.renew()

    assert lease.handle == "vlt_lease_2"


def test_a_check_of_the_lease_that_was_just_replaced_does_not_end_the_new_one(
    clock: Clock,
) -> None:
    server = Server({"leases": answered(2), "leases/lease_2": {"state": "active"}})
    lease = at_its_longest(server, clock)

    class Replacing(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            lease.renew()
            return "revoked"

    server.answers["leases/lease_1"] = Replacing()

    assert lease.check() == ""
    assert lease.handle == "vlt_lease_2"
