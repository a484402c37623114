"""What redeeming and using a lease have in common: its version, the value, the counted use."""

import logging
from uuid import UUID

from audit.recording import EntryDraft
from credentials.envelope import Secret, UnsealFailed, unseal
from credentials.models import Version
from leases.models import Lease, LeaseState

log = logging.getLogger(__name__)


def leased_version(entry: EntryDraft, lease: Lease) -> Version:
    """The version that a lease in hand is for, named in the entry."""
    version = (
        Version.objects.select_related("tenant_key", "credential__folder")
        .filter(pk=lease.version_id)
        .first()
    )
    if version is None:  # The lease refers to it, so its key must be another tenant's.
        raise _alarm(lease.version_id)
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


def count_use(lease: Lease) -> None:
    """A counted use stays counted, whether or not the reply arrives (L9)."""
    lease.uses += 1
    if lease.max_uses is not None and lease.uses >= lease.max_uses:
        lease.state = LeaseState.CONSUMED
    lease.save(update_fields=["uses", "state"])
