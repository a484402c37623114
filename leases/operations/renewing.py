"""Making a living lease last longer, never past the maximum fixed at its issue."""

from datetime import timedelta

from access.actions import Action
from access.actor import Actor
from access.tenancy import database_now
from audit.events import Event
from audit.recording import audited
from credentials.models import Version
from credentials.policies import usual_ttl
from credentials.rights import rights
from leases.endings import describe
from leases.holding import own_lease
from leases.presenting import lease_state
from leases.rules import require_held, require_living, require_policy, require_readable
from leases.shapes import LeaseState, RenewLease
from tenants.standing import standing


def renew_lease(actor: Actor, request: RenewLease) -> LeaseState:
    """Let a lease end `ttl` from now, at most at its fixed maximum (L3); only its own holder may.

    Renewing never shortens. Raises as reading does.
    """
    with audited(actor, Action.RENEW_LEASE, Event.LEASE_RENEWED) as entry:
        lease = own_lease(actor, request.lease_handle)
        stands = standing(actor)
        now = database_now()
        version = Version.objects.select_related("credential__folder").get(pk=lease.version_id)
        lease.version, lease.credential = version, version.credential
        describe(entry, lease)
        require_living(lease, now)
        held = rights(actor, stands).on(lease.credential)
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
        entry.detail(ttl=ttl, expires_at=lease.expires_at.isoformat())
    return lease_state(lease)
