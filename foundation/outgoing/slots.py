"""How many calls are under way: a few for each tenant, some in all, in each process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from foundation.errors import Unavailable

PER_TENANT = 2
IN_ALL = 8


class Slots:
    """Taken for the duration of a call; refuses at once when none is free."""

    def __init__(self, per_tenant: int, in_all: int) -> None:
        self._per_tenant = per_tenant
        self._in_all = in_all
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def taken(self, tenant: str) -> Iterator[None]:
        """Hold one slot while the block runs; Unavailable when there is none."""
        with self._lock:
            if self._taken[tenant] >= self._per_tenant or self._taken.total() >= self._in_all:
                raise Unavailable(
                    "Vault is waiting for other servers already; try again in a moment.",
                )
            self._taken[tenant] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[tenant] -= 1
                if not self._taken[tenant]:
                    del self._taken[tenant]

    def in_use(self) -> int:
        """How many are taken."""
        with self._lock:
            return self._taken.total()


slots = Slots(PER_TENANT, IN_ALL)
# For requests with a credential (`vault.use_credential`), which agents make in numbers and which
# must not take the slots of sign-ins. Each occupies a thread, so they are fewer than the threads.
use_slots = Slots(per_tenant=4, in_all=8)
