"""Redeeming a handle for the value: the one operation that discloses."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import EntryDraft
from credentials.context import CredentialContext, operation
from credentials.envelope import Secret, UnsealFailed, unseal
from credentials.models import Version
from foundation.db.ids import public_id
from foundation.db.prepared import Parameter, PreparedQuery, Statement, update
from leases.handles import claimed_lease, lease_statement, own_claims
from leases.models import Lease, LeaseState
from leases.policy import require_live, require_use
from leases.shapes import ReadCredential, SecretOut

log = logging.getLogger(__name__)


VERSION = PreparedQuery(
    lambda: Version.objects.filter(pk=Parameter("version")).select_related(
        "tenant_key", "credential__folder"
    )
)


def _facts(actor: Actor, request: ReadCredential) -> tuple[Statement[Any], ...]:
    """The lease is locked first; everything else is read after that."""
    claims = own_claims(actor, request.lease_handle)
    return (
        lease_statement(actor, claims),
        VERSION(version=claims.version_id),
        *CredentialContext.opening(actor),
    )


@operation(Action.READ_CREDENTIAL, Event.CREDENTIAL_READ, facts=_facts)
def read_credential(context: CredentialContext, request: ReadCredential) -> SecretOut:
    """Redeem a lease handle for the value and its secret fields.

    One transaction (L1): lock the lease, check everything by database time, count the use, unseal
    in memory, write the entry, commit; then answer. Raises InvalidHandle, LeaseExpired,
    LeaseRevoked, LeaseConsumed, Denied; Unavailable when the value cannot be opened or the entry
    cannot be written.
    """
    leases, versions, *opening = context.entry.facts
    claims = own_claims(context.actor, request.lease_handle)
    lease = claimed_lease(context.actor, claims, leases)
    context.entry.set_fields(
        lease_id=lease.pk, purpose=lease.purpose, credential_id=lease.credential_id
    )
    context.take_opening(opening)
    context.entry.at = context.read_at
    version = _version(context.entry, lease, versions)
    require_live(lease, context.read_at)
    require_use(context, version)
    secret = _unseal(version)
    _count_use(lease)
    context.entry.writes.append(update(lease, "uses", "state"))
    return _secret_out(lease, version, secret)


def _version(entry: EntryDraft, lease: Lease, rows: Sequence[Version]) -> Version:
    if not rows:  # The lease refers to it, so its key must be another tenant's.
        raise _alarm(lease.version_id)
    version = rows[0]
    entry.set_fields(credential_key=version.credential.key, version=version.number)
    return version


def _unseal(version: Version) -> Secret:
    try:
        return unseal(version)
    except UnsealFailed:
        raise _alarm(version.pk) from None


def _alarm(version_id: UUID) -> UnsealFailed:
    log.critical("version %s does not open: tampered or its key is gone", version_id)
    return UnsealFailed()


def _count_use(lease: Lease) -> None:
    """A counted use stays counted, whether or not the reply arrives (L9)."""
    lease.uses += 1
    if lease.max_uses is not None and lease.uses >= lease.max_uses:
        lease.state = LeaseState.CONSUMED


def _secret_out(lease: Lease, version: Version, secret: Secret) -> SecretOut:
    return SecretOut.model_validate(
        {
            "lease_id": public_id("lease", lease.pk),
            "key": version.credential.key,
            "type": version.credential.type,
            "value": SecretStr(secret.value),
            "secret_fields": {name: SecretStr(text) for name, text in secret.fields.items()},
            "version": version.number,
            "expires_at": lease.times.expires_at,
            "uses_left": lease.uses_left,
        }
    )
