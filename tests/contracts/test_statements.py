"""How many statements and round trips the calls cost that agents make most often (issue of speed).

Exact numbers, which do not depend on the machine. One more is a decision: say why, here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credentials.operations import describe_credential, list_credentials
from credentials.shapes.credentials import DescribeCredential, ListCredentials
from foundation.db import prepared
from leases import quotas
from tests.disclosure.echo_upstream import SENDABLE
from tests.disclosure.sending import use
from tests.people import Somebody, grant, lease, read, store

KEY = "stripe-api-key"
Cost = tuple[int, int]


@contextmanager
def _counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of statements in each round trip, without BEGIN and COMMIT."""
    trips: list[int] = []
    log = prepared._log

    def noted(statements: Any, seconds: float) -> None:
        trips.append(len(statements))
        log(statements, seconds)

    with monkeypatch.context() as patched, CaptureQueriesContext(connection) as captured:
        patched.setattr(prepared, "_log", noted)
        yield trips
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    asked = [query["sql"] for query in captured if not query["sql"].startswith(control)]
    trips += [1] * (len(asked) - sum(trips))


CALLS: dict[str, tuple[Callable[[Somebody, str], object], Cost]] = {
    # The second round trip of lease and read is the change with its audit entry.
    "lease": (lambda who, _: lease(who.agent), (6, 2)),
    "read": (lambda who, handle: read(who.agent, handle), (6, 2)),
    # As a read, then the outcome in a transaction of its own: tenant, time, entry.
    "use": (
        lambda who, handle: use(who, handle, f"http://{SENDABLE}/"),
        (9, 5),
    ),
    # Membership and grants, then the page and the folders.
    "list": (lambda who, _: list_credentials(who.agent, ListCredentials()), (5, 3)),
    # Credential, membership and grants, then everything about it, then the names in its trail.
    "describe": (
        lambda who, _: describe_credential(who.agent, DescribeCredential(key=KEY)),
        (13, 3),
    ),
}


@pytest.mark.usefixtures("sendable")
@pytest.mark.parametrize("call", CALLS)
def test_what_a_call_costs(
    owner: Somebody, member: Somebody, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    store(owner, policy={"destinations": [{"host": SENDABLE}]})
    grant(owner, member, "user", key=KEY)
    run, most = CALLS[call]
    quotas.memory.clear()
    for who in (owner, member):
        handle = lease(who.agent).lease_handle
        run(who, handle)
        with _counted(monkeypatch) as trips:
            run(who, handle)
        statements, round_trips = most
        if who is owner:  # owners and admins need no grants
            statements -= 1
        assert (sum(trips), len(trips)) == (statements, round_trips)
