"""How an operation knows that its caller's token or session is still in force.

A token or session is looked up before the body of a request has arrived, and it can end before the
operation decides. Each actor therefore carries a condition on the rows it came from. The database
evaluates it in the operation's transaction: at its beginning, and again when the membership is
read, which is after the operation's first lock. Each statement sees what was committed before it,
so a revocation that has been confirmed is always seen.
"""

from dataclasses import dataclass

ENDED = "The token or session has ended; sign in again."


@dataclass(frozen=True, slots=True)
class Authentication:
    """A Boolean SQL expression with its parameters: true while the token or session is in force.

    It names rows by id or digest and contains no secret.
    """

    condition: str
    parameters: tuple[object, ...] = ()
