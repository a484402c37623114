"""Calls from Vault to servers that others choose: one way out, guarded (docs/architecture.md)."""

from foundation.outgoing.calls import Answer, call
from foundation.outgoing.destinations import may_be_visited
from foundation.outgoing.errors import CallFailed, NotAllowed

__all__ = ["Answer", "CallFailed", "NotAllowed", "call", "may_be_visited"]
