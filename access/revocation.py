"""What lives by something ends with it, in the same transaction (rule L6).

A lower app sends `access_revoked` inside its operation; the apps above it that lend something out
connect to it. This is how a member's removal reaches leases without tenants knowing of leases.
"""

from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal

from access.actor import Actor

access_revoked = Signal()
group_members_removed = Signal()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevoked:
    """What ended; the ids that are set narrow it down together.

    `by_time`: its hour had come, nobody took it away. `leaves`: the person or the service account
    left the tenant, so what was given to them goes too; what the person owned goes to the heir.
    """

    reason: str
    person_id: UUID | None = None
    service_account_id: UUID | None = None
    agent_id: UUID | None = None
    client_id: UUID | None = None
    credential_id: UUID | None = None
    version_id: UUID | None = None
    folder_path: str | None = None
    by_time: bool = False
    leaves: bool = False
    heir_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersRemoved:
    """People who no longer belong to a group: what its grants gave them ends, and nothing else.

    `removed`: the group itself is gone, so its grants go too.
    """

    group_id: UUID
    person_ids: frozenset[UUID]
    reason: str
    removed: bool = False


def announce_revoked(actor: Actor, ended: AccessRevoked) -> None:
    """Tell the apps above; their failure rolls the operation back."""
    access_revoked.send(sender=AccessRevoked, actor=actor, ended=ended)


def announce_members_removed(actor: Actor, left: GroupMembersRemoved) -> None:
    """The same for people who leave a group."""
    group_members_removed.send(sender=GroupMembersRemoved, actor=actor, left=left)
