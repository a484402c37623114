"""Revocation cascades to what depends on the revoked access, in the same transaction (L6).

A lower app sends a signal inside its operation; the apps above connect to it. This is how removing
a member reaches leases, of which `tenants` knows nothing.
"""

from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal

from access.actor import Actor

access_revoked = Signal()
disclosure_changed = Signal()
group_members_removed = Signal()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevoked:
    """The access that ended: everything that matches all of the ids that are set.

    `own_disclosures`: only on credentials whose policy says one of these (None: nothing).
    `agents_only`: only what agents hold. `by_time`: it expired and was not taken away. `leaves`:
    the person or service account left the tenant, so their grants are removed too, and the heir
    becomes owner of what the person owned. `account_secrets`: the secrets and keys of service
    accounts that the person made, and so has seen, end too.
    """

    reason: str
    person_id: UUID | None = None
    service_account_id: UUID | None = None
    agent_id: UUID | None = None
    client_id: UUID | None = None
    credential_id: UUID | None = None
    version_id: UUID | None = None
    folder_path: str | None = None
    own_disclosures: frozenset[str | None] | None = None
    agents_only: bool = False
    by_time: bool = False
    leaves: bool = False
    account_secrets: bool = False
    heir_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TenantDisclosure:
    """A tenant's settings of `disclosure`: for policies that say nothing, and the least for all."""

    default: str
    minimum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersRemoved:
    """People who no longer belong to a group: only what its grants gave them ends.

    `removed`: the group itself is removed, and its grants with it.
    """

    group_id: UUID
    person_ids: frozenset[UUID]
    reason: str
    removed: bool = False


def announce_revoked(actor: Actor, ended: AccessRevoked) -> None:
    """Send `access_revoked`; a receiver's failure rolls the operation back."""
    access_revoked.send(sender=AccessRevoked, actor=actor, ended=ended)


def announce_disclosure_changed(
    actor: Actor, before: TenantDisclosure, after: TenantDisclosure
) -> None:
    """Send `disclosure_changed`; a receiver's failure rolls the operation back."""
    disclosure_changed.send(sender=TenantDisclosure, actor=actor, before=before, after=after)


def announce_members_removed(actor: Actor, left: GroupMembersRemoved) -> None:
    """Send `group_members_removed`; a receiver's failure rolls the operation back."""
    group_members_removed.send(sender=GroupMembersRemoved, actor=actor, left=left)
