"""Leases as people and agents see them, without their handles."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.scopes import Scope
from audit.recording import read_only
from credentials.permissions import read_permissions, require_level
from foundation.db.paging import page
from leases.lookups import is_holder, lease_by_id
from leases.selection import in_state, selected_leases
from leases.serializers import lease_details, with_names
from leases.shapes import LeaseDetailOut, LeasePageOut, ListLeases
from tenants.memberships import active_membership


def list_leases(actor: Actor, request: ListLeases) -> LeasePageOut:
    """Leases, newest first: one's own, with `manager` those on a credential, or the tenant's.

    Those of others take `vault:write`, all of the tenant's `vault:admin`.
    """
    with read_only(actor, Action.LIST_LEASES) as entry:
        rows = selected_leases(actor, active_membership(actor), Action.LIST_LEASES, request, entry)
        if request.whose == "all":
            # Who reads for themself alone is not told what others do.
            actor.require_scope(Scope.WRITE if request.key else Scope.ADMIN)
        shown, cursor = page(
            with_names(rows.filter(in_state(request.state))),
            {"pk": UUID},
            limit=request.limit,
            cursor=request.cursor,
            newest_first=True,
        )
        return LeasePageOut(leases=lease_details(actor, shown), next_cursor=cursor)


def show_lease(actor: Actor, lease_id: str) -> LeaseDetailOut:
    """One lease: its holder's own, or with `vault:write` for `manager` on its credential."""
    with read_only(actor, Action.SHOW_LEASE) as entry:
        stands = active_membership(actor)
        lease = lease_by_id(actor, lease_id)
        entry.set_fields(lease_id=lease.pk, credential_id=lease.credential_id)
        if not is_holder(actor, lease):
            held = read_permissions(actor, stands).on(lease.credential)
            require_level(Action.SHOW_LEASE, held, lease.credential.key)
            actor.require_scope(Scope.WRITE)
        (shown,) = lease_details(actor, [lease])
        return shown
