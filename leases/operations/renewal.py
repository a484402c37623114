"""Renewing a live lease, never past the maximum that was fixed when it was issued."""

from datetime import timedelta

from access.actions import Action
from audit.events import Event
from credentials.context import CredentialContext, operation
from credentials.models import Version
from credentials.policies import usual_ttl
from foundation.db.clock import database_now
from leases.lookups import own_lease
from leases.policy import require_held, require_living, require_policy, require_readable
from leases.revocation import describe
from leases.serializers import lease_state
from leases.shapes import LeaseStateOut, RenewLease


@operation(Action.RENEW_LEASE, Event.LEASE_RENEWED)
def renew_lease(context: CredentialContext, request: RenewLease) -> LeaseStateOut:
    """Let a lease end `ttl` seconds from now, at most at its fixed maximum (L3).

    Only its holder may renew it, and renewing never shortens it. Raises what reading raises.
    """
    actor, entry = context.actor, context.entry
    lease = own_lease(actor, request.lease_handle)
    tenant = context.membership.tenant
    now = database_now()
    version = Version.objects.select_related("credential__folder").get(pk=lease.version_id)
    lease.version, lease.credential = version, version.credential
    describe(entry, lease)
    require_living(lease, now)
    held = context.permissions.on(lease.credential)
    require_held(context.action, held, lease.credential.key)
    require_policy(actor, lease.credential)
    require_readable(version, now)
    ttl: int = request.ttl or usual_ttl(tenant, lease.credential)
    assert lease.expires_at is not None
    assert lease.max_expires_at is not None
    wanted = min(now + timedelta(seconds=ttl), lease.max_expires_at)
    lease.expires_at = max(wanted, lease.expires_at)
    lease.renewed_at = now
    lease.save(update_fields=["expires_at", "renewed_at"])
    entry.add_details(ttl=ttl, expires_at=lease.expires_at.isoformat())
    return lease_state(lease)
