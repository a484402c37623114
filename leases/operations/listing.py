"""Leases as people and agents see them, without their handles."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.paging import page
from access.scopes import Scope
from audit.recording import reading
from credentials.rights import require_level, rights
from leases.choosing import chosen, in_state
from leases.holding import is_holder, lease_by_id
from leases.presenting import lease_details, with_names
from leases.shapes import LeaseDetail, LeasePage, ListLeases
from tenants.standing import standing


def list_leases(actor: Actor, request: ListLeases) -> LeasePage:
    """Leases, newest first: one's own, with `manager` those on a credential, or the tenant's.

    Those of others take `vault:write`, all of the tenant's `vault:admin`.
    """
    with reading(actor, Action.LIST_LEASES) as entry:
        rows = chosen(actor, standing(actor), Action.LIST_LEASES, request, entry)
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
        return LeasePage(leases=lease_details(actor, shown), next_cursor=cursor)


def show_lease(actor: Actor, lease_id: str) -> LeaseDetail:
    """One lease: its holder's own, or with `vault:write` for `manager` on its credential."""
    with reading(actor, Action.SHOW_LEASE) as entry:
        stands = standing(actor)
        lease = lease_by_id(actor, lease_id)
        entry.about(lease_id=lease.pk, credential_id=lease.credential_id)
        if not is_holder(actor, lease):
            held = rights(actor, stands).on(lease.credential)
            require_level(Action.SHOW_LEASE, held, lease.credential.key)
            actor.require_scope(Scope.WRITE)
        (shown,) = lease_details(actor, [lease])
        return shown
