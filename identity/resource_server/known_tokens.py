"""Access tokens that this process verified and looked up, so that calls need not do it again.

Only what never changes is trusted from here: whose token it is, for what and with which scopes.
Whether it is in force is decided by its row, in the first statement of each operation
(`access.authentication`). So a revocation acts at once, known token or not.
"""

import time
from hashlib import sha256
from threading import Lock

from access.actor import Actor
from foundation.bounded_dict import BoundedDict

REMEMBERED = 10_000
# The role and the agent's name in refusals that come before the membership is read may be this old.
SECONDS = 60.0


class KnownTokens:
    """Actors by the digest of their token and its resource; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._actors = BoundedDict[bytes, tuple[float, Actor]](REMEMBERED)
        self._lock = Lock()

    def find(self, token: str, resource: str) -> Actor | None:
        """The actor of a token that was looked up within the last minute."""
        found = self._actors.get(_digest(token, resource))
        if found is None or time.monotonic() - found[0] > SECONDS:
            return None
        return found[1]

    def keep(self, token: str, resource: str, actor: Actor) -> None:
        """Remember the actor of a token that was just looked up."""
        with self._lock:
            self._actors[_digest(token, resource)] = (time.monotonic(), actor)

    def forget(self, actor: Actor) -> None:
        """Forget a token that has ended."""
        with self._lock:
            ended = [key for key, (_, known) in self._actors.items() if _same(known, actor)]
            for key in ended:
                del self._actors[key]

    def clear(self) -> None:
        """Forget everything, as in a new process."""
        with self._lock:
            self._actors.clear()


known_tokens = KnownTokens()


def _same(known: Actor, actor: Actor) -> bool:
    return known.token_id == actor.token_id


def _digest(token: str, resource: str) -> bytes:
    return sha256(f"{resource}\0{token}".encode()).digest()
