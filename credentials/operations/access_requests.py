"""A member asks for more than they hold, and may take it back."""

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import audited
from credentials.access_requests import (
    WAITING,
    all_requests,
    describe,
    notify_deciders,
    own_requests,
    requests_out,
)
from credentials.grants import lock_target, require_one_target
from credentials.models import AccessRequest, RequestState
from credentials.permissions import Permissions, read_permissions
from credentials.shapes.access_requests import AccessRequestOut, RequestAccess
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict, Denied, NotFound, QuotaExceeded
from tenants.memberships import ActiveMembership, active_membership

MOST_WAITING = 20


def request_access(actor: Actor, request: RequestAccess) -> AccessRequestOut:
    """Ask for a level on a credential or folder that one sees; a person decides.

    Asking for the same again answers the request that waits already.
    """
    require_one_target(request.key, request.folder_path)
    with audited(actor, Action.REQUEST_ACCESS, Event.ACCESS_REQUESTED) as entry:
        stands = active_membership(actor)
        if actor.service_account_id is not None:
            raise Denied("A service account asks for nothing; an owner or admin gives it grants.")
        held = read_permissions(actor, stands)
        thing = lock_target(actor, held, entry, request.key, request.folder_path)
        wish = AccessRequest(
            tenant_id=actor.tenant_id,
            person_id=actor.person,
            agent_id=actor.agent_id,
            credential=thing.credential,
            folder=thing.folder,
            level=request.level,
            duration=request.duration,
            reason=request.reason,
        )
        kept = _put(actor, wish)
        describe(entry, kept)
        if kept.pk == wish.pk:
            notify_deciders(actor, kept)
        else:
            entry.discard()
        return _answer(actor, stands, held, kept)


def withdraw_access_request(actor: Actor, request_id: str) -> AccessRequestOut:
    """Take one's own request back before somebody decided on it. Idempotent."""
    with audited(actor, Action.WITHDRAW_ACCESS_REQUEST, Event.ACCESS_WITHDRAWN) as entry:
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        rows = all_requests(actor).locked().filter(own_requests(actor))
        found = rows.filter(pk=parse_public_id("req", request_id)).first()
        if found is None:
            raise NotFound("There is no such request.")
        describe(entry, found)
        if found.state == RequestState.WITHDRAWN:
            entry.discard()
        elif found.state == RequestState.PENDING:
            found.state = RequestState.WITHDRAWN
            found.decided_at = database_now()
            found.save(update_fields=["state", "decided_at"])
        else:
            raise Conflict(f"This request is {found.state}; only a waiting one can be withdrawn.")
        return _answer(actor, stands, held, found)


def _put(actor: Actor, wish: AccessRequest) -> AccessRequest:
    """The wish itself, or the one that waits already and asks for the same.

    Two at the same moment: one row wins and both callers are answered with it.
    """
    mine = all_requests(actor).filter(WAITING, own_requests(actor))
    same = mine.filter(credential=wish.credential, folder=wish.folder)
    if not same.exists():
        if mine.count() >= MOST_WAITING:
            raise QuotaExceeded(f"{MOST_WAITING} requests of yours wait already.", retryAfter=60)
        AccessRequest.objects.bulk_create([wish], ignore_conflicts=True)
    kept = same.get()
    if (kept.level, kept.duration) != (wish.level, wish.duration):
        raise Conflict(
            "Another request of yours for this waits already.",
            hint="Withdraw it first, or wait for the answer to it.",
        )
    return kept


def _answer(
    actor: Actor, stands: ActiveMembership, held: Permissions, request: AccessRequest
) -> AccessRequestOut:
    (shown,) = requests_out(actor, stands, held, [request])
    return shown
