"""From a handle or an id to a locked lease."""

from django.db.models import Q

from access.actor import Actor
from foundation.db.ids import parse_public_id
from foundation.errors import InvalidHandle, NotFound
from leases.handles import make_handle, open_handle
from leases.models import Lease, LeaseState


def own_lease(actor: Actor, handle: str) -> Lease:
    """The caller's own lease, locked; InvalidHandle for everything else, indistinguishably (L5).

    A handle works only for the person or service account and the client it was issued to.
    """
    claims = open_handle(handle)
    mine = (claims.tenant_id, claims.holder_id, claims.client_id)
    if mine != (actor.tenant_id, actor.subject, actor.client_id):
        raise InvalidHandle()
    lease = (
        Lease.objects.of(actor)
        .locked()
        .filter(leases_of(actor), pk=claims.lease_id, agent_id=actor.agent_id)
        .exclude(state=LeaseState.PENDING_APPROVAL)
        .first()
    )
    if lease is None or (lease.client_id, lease.version_id, lease.max_expires_at) != (
        claims.client_id,
        claims.version_id,
        claims.max_expires_at,
    ):
        raise InvalidHandle()
    return lease


def recompute_handle(actor: Actor, lease_id: str) -> str:
    """The handle of a lease that the caller was given before, made anew (L9).

    Needs the tenant's transaction. Whether it can still be read is decided when it is read.
    """
    lease = (
        Lease.objects.of(actor)
        .filter(leases_of(actor), pk=parse_public_id("lease", lease_id))
        .filter(client_id=actor.client_id, agent_id=actor.agent_id)
        .exclude(issued_at=None)
        .first()
    )
    if lease is None:
        raise NotFound("There is no such lease.")
    return make_handle(lease)


def leases_of(actor: Actor) -> Q:
    """The condition for leases that the acting person or service account holds."""
    if actor.service_account_id is not None:
        return Q(service_account_id=actor.service_account_id)
    return Q(person_id=actor.person)


def is_holder(actor: Actor, lease: Lease) -> bool:
    """Whether the lease was lent to whoever acts; machinery holds none."""
    return lease.holder_id == (actor.service_account_id or actor.person_id)


def lease_by_id(actor: Actor, lease_id: str) -> Lease:
    """The tenant's lease `lease_…`, locked, with its credential and version; or NotFound."""
    lease = (
        Lease.objects.of(actor)
        .locked()
        .filter(pk=parse_public_id("lease", lease_id))
        .select_related("credential__folder", "version")
        .first()
    )
    if lease is None:
        raise NotFound("There is no such lease.")
    return lease
