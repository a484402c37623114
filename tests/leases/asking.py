"""Leases that wait for a person, asked for and decided."""

from functools import partial
from typing import Any

from access.actor import Actor
from foundation.errors import ApprovalPending
from leases.operations import decide_lease
from leases.shapes import DecideLease, LeaseStateOut
from tests.people import lease
from tests.refusals import refusal


def ask(actor: Actor, key: str = "stripe-api-key", **more: Any) -> str:
    """Ask for a lease that waits; the request's id."""
    error = refusal(partial(lease, actor, key, **more))
    assert isinstance(error, ApprovalPending)
    return str(error.extra["approvalId"])


def decide(actor: Actor, request_id: str, **word: Any) -> LeaseStateOut:
    """Decide on a request: `approve=`, and `ttl=` and `reason=` where they matter."""
    return decide_lease(actor, DecideLease.parse({"requestId": request_id, **word}))
