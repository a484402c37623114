"""Making a living lease last longer, never past the maximum fixed at its issue."""

from datetime import timedelta

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import audited
from credentials.models import Version
from credentials.permissions import read_permissions
from credentials.policies import usual_ttl
from foundation.db.clock import database_now
from leases.lookups import own_lease
from leases.policy import require_held, require_living, require_policy, require_readable
from leases.revocation import describe
from leases.serializers import lease_state
from leases.shapes import LeaseStateOut, RenewLease
from tenants.memberships import active_membership


def renew_lease(actor: Actor, request: RenewLease) -> LeaseStateOut:
    """Let a lease end `ttl` from now, at most at its fixed maximum (L3); only its own holder may.

    Renewing never shortens. Raises as reading does.
    """
    with audited(actor, Action.RENEW_LEASE, Event.LEASE_RENEWED) as entry:
        lease = own_lease(actor, request.lease_handle)
        stands = active_membership(actor)
        now = database_now()
        version = Version.objects.select_related("credential__folder").get(pk=lease.version_id)
        lease.version, lease.credential = version, version.credential
        describe(entry, lease)
        require_living(lease, now)
        held = read_permissions(actor, stands).on(lease.credential)
        require_held(Action.RENEW_LEASE, held, lease.credential.key)
        require_policy(actor, lease.credential)
        require_readable(version, now)
        ttl: int = request.ttl or usual_ttl(stands.tenant, lease.credential)
        assert lease.expires_at is not None
        assert lease.max_expires_at is not None
        wanted = min(now + timedelta(seconds=ttl), lease.max_expires_at)
        lease.expires_at = max(wanted, lease.expires_at)
        lease.renewed_at = now
        lease.save(update_fields=["expires_at", "renewed_at"])
        entry.add_details(ttl=ttl, expires_at=lease.expires_at.isoformat())
    return lease_state(lease)
