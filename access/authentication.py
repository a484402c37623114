"""How an operation knows that what its caller signed in with is still in force.

A token or a session is looked up before the body of a request has arrived, and it can end before
the operation decides. Each actor therefore carries a condition on the rows that it came from. The
database evaluates it in the operation's transaction: when that begins, and again when the actor's
standing is read, which is after the operation's first lock. Each statement sees what was committed
before it, so an ending that was answered is seen.
"""

from dataclasses import dataclass

ENDED = "The token or session has ended; sign in again."


@dataclass(frozen=True, slots=True)
class Authentication:
    """A Boolean SQL expression with its parameters: true while the token or session is in force.

    It names rows by their ids or digests and holds no secret.
    """

    condition: str
    parameters: tuple[object, ...] = ()
