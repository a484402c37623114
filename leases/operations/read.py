"""Redeeming a handle for the value: the one operation that discloses."""

import logging
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import EntryDraft, audited
from credentials.envelope import Secret, UnsealFailed, unseal
from credentials.models import Version
from credentials.permissions import read_permissions
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from leases.lookups import own_lease
from leases.models import Lease, LeaseState
from leases.policy import require_held, require_living, require_policy, require_readable
from leases.serializers import uses_left
from leases.shapes import ReadCredential, SecretOut
from tenants.memberships import ActiveMembership, active_membership

log = logging.getLogger(__name__)


def read_credential(actor: Actor, request: ReadCredential) -> SecretOut:
    """Redeem a lease handle for the value and its secret fields.

    One transaction (L1): lock the lease, check everything by database time, count the use, unseal
    in memory, write the entry, commit – then answer. Raises InvalidHandle, LeaseExpired,
    LeaseRevoked, LeaseConsumed, Denied; Unavailable when the value cannot be opened or the entry
    cannot be written.
    """
    with audited(actor, Action.READ_CREDENTIAL, Event.CREDENTIAL_READ) as entry:
        lease = own_lease(actor, request.lease_handle)
        entry.set_fields(
            lease_id=lease.pk, purpose=lease.purpose, credential_id=lease.credential_id
        )
        now = database_now()
        version = _version(entry, lease)
        require_living(lease, now)
        _require_right(actor, active_membership(actor), version, now)
        secret = _unseal(version)
        _count_use(lease)
    return _secret_out(lease, version, secret)


def _version(entry: EntryDraft, lease: Lease) -> Version:
    version = (
        Version.objects.select_related("tenant_key", "credential__folder")
        .filter(pk=lease.version_id)
        .first()
    )
    if version is None:  # the lease refers to it: only its key can be out of this tenant's sight
        raise _alarm(lease.version_id)
    entry.set_fields(credential_key=version.credential.key, version=version.number)
    return version


def _require_right(actor: Actor, stands: ActiveMembership, version: Version, now: datetime) -> None:
    held = read_permissions(actor, stands).on(version.credential)
    require_held(Action.READ_CREDENTIAL, held, version.credential.key)
    require_policy(actor, version.credential)
    require_readable(version, now)


def _unseal(version: Version) -> Secret:
    try:
        return unseal(version)
    except UnsealFailed:
        raise _alarm(version.pk) from None


def _alarm(version_id: UUID) -> UnsealFailed:
    log.critical("version %s does not open: tampered or its key is gone", version_id)
    return UnsealFailed()


def _count_use(lease: Lease) -> None:
    """A use once counted stays counted, whether or not the reply arrives (L9)."""
    lease.uses += 1
    if lease.max_uses is not None and lease.uses >= lease.max_uses:
        lease.state = LeaseState.CONSUMED
    lease.save(update_fields=["uses", "state"])


def _secret_out(lease: Lease, version: Version, secret: Secret) -> SecretOut:
    assert lease.expires_at is not None
    return SecretOut.model_validate(
        {
            "lease_id": public_id("lease", lease.pk),
            "key": version.credential.key,
            "type": version.credential.type,
            "value": SecretStr(secret.value),
            "secret_fields": {name: SecretStr(one) for name, one in secret.fields.items()},
            "version": version.number,
            "expires_at": lease.expires_at,
            "uses_left": uses_left(lease),
        }
    )
