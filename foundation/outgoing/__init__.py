"""Calls from Vault to servers that others choose: one way out, guarded (docs/architecture.md)."""

from foundation.outgoing.calls import Answer, call
from foundation.outgoing.destinations import may_be_visited
from foundation.outgoing.errors import CallFailed, NotAllowed
from foundation.outgoing.exchanges import Outgoing, StreamedAnswer, exchange
from foundation.outgoing.slots import use_slots

__all__ = [
    "Answer",
    "CallFailed",
    "NotAllowed",
    "Outgoing",
    "StreamedAnswer",
    "call",
    "exchange",
    "may_be_visited",
    "use_slots",
]
