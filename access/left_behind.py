"""What a person set up or learned in a tenant, which outlives their membership.

Each app reports its own kinds of it: it connects a receiver to `left_behind_requested`, as with the
signals of `access/revocation.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast
from uuid import UUID

from django.dispatch import Signal

from access.actor import Actor

MOST_OF_A_KIND = 200

left_behind_requested = Signal()


class LeftBehindKind(StrEnum):
    """Why it matters: whoever made it may still know the secret, or come back through it."""

    ACCOUNT_SECRET = "account-secret"
    ACCOUNT_KEY = "account-key"
    SERVICE_ACCOUNT = "service-account"
    SINGLE_SIGN_ON = "single-sign-on"
    MEMBER = "member"
    GROUP = "group"
    GRANT = "grant"
    CREDENTIAL = "credential"


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """One such thing. `ends`: removing the person ends it unless the remover asks to keep it."""

    kind: LeftBehindKind
    id: str
    name: str
    ends: bool = False


def find_left_behind(actor: Actor, person_id: UUID) -> list[LeftBehind]:
    """Everything that the apps report, by kind; at most MOST_OF_A_KIND of each kind."""
    answers = left_behind_requested.send(sender=LeftBehind, actor=actor, person_id=person_id)
    found: set[LeftBehind] = set()
    for _, items in cast(Sequence[tuple[object, Sequence[LeftBehind]]], answers):
        found.update(items)
    order: Sequence[LeftBehindKind] = list(LeftBehindKind)
    return sorted(found, key=lambda item: (order.index(item.kind), item.name, item.id))
