"""What reading and using a leased value have in common: the checks, the value, the counted use."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from access.actor import Actor
from audit.recording import EntryDraft
from credentials.context import CredentialContext
from credentials.envelope import Secret, UnsealFailed, unseal
from credentials.models import Version
from foundation.db.prepared import Parameter, PreparedQuery, Statement, update
from leases.handles import lease_statement, own_claims
from leases.models import Lease, LeaseState
from leases.policy import require_live, require_use

log = logging.getLogger(__name__)

VERSION = PreparedQuery(
    lambda: Version.objects.filter(pk=Parameter("version")).select_related(
        "tenant_key", "credential__folder"
    )
)


def redemption_facts(actor: Actor, handle: str) -> tuple[Statement[Any], ...]:
    """The lease is locked first; everything else is read after that. Raises InvalidHandle, as does
    reading the lease.
    """
    claims = own_claims(actor, handle)
    return (
        lease_statement(actor, claims),
        VERSION(version=claims.version_id),
        *CredentialContext.opening(actor),
    )


def redeem(context: CredentialContext) -> tuple[Lease, Version]:
    """The lease and its version, of `redemption_facts`, if they may be used now.

    Raises LeaseExpired, LeaseRevoked, LeaseConsumed and Denied.
    """
    entry = context.entry
    lease, versions, *opening = entry.facts
    entry.set_fields(lease_id=lease.pk, purpose=lease.purpose, credential_id=lease.credential_id)
    context.take_opening(opening)
    entry.at = context.read_at
    version = _version(entry, lease, versions)
    require_live(lease, context.read_at)
    require_use(context, version)
    return lease, version


def _version(entry: EntryDraft, lease: Lease, rows: Sequence[Version]) -> Version:
    if not rows:  # The lease refers to it, so its key must be another tenant's.
        raise _alarm(lease.version_id)
    version = rows[0]
    entry.set_fields(credential_key=version.credential.key, version=version.number)
    return version


def unseal_or_alarm(version: Version) -> Secret:
    """The secret; UnsealFailed after an alarm in the log when it does not open."""
    try:
        return unseal(version)
    except UnsealFailed:
        raise _alarm(version.pk) from None


def _alarm(version_id: UUID) -> UnsealFailed:
    log.critical("version %s does not open: tampered or its key is gone", version_id)
    return UnsealFailed()


def count_use(entry: EntryDraft, lease: Lease) -> None:
    """A counted use stays counted, whether or not the reply arrives (L9)."""
    lease.uses += 1
    if lease.max_uses is not None and lease.uses >= lease.max_uses:
        lease.state = LeaseState.CONSUMED
    entry.writes.append(update(lease, "uses", "state"))
