"""Requests for access, as those see them who asked and those who decide."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from audit.recording import read_only
from credentials.access_requests import (
    WAITING,
    all_requests,
    can_decide_on_channel,
    decidable_requests,
    level_of_requester,
    own_requests,
    requests_out,
    similar_requests,
    target_of,
)
from credentials.grants import require_on
from credentials.permissions import read_permissions
from credentials.shapes.access_requests import (
    AccessRequestDetailOut,
    AccessRequestPageOut,
    ListAccessRequests,
)
from foundation.db.ids import parse_public_id
from foundation.db.paging import page
from foundation.errors import NotFound
from tenants.memberships import active_membership

HISTORY = 10


def list_access_requests(actor: Actor, request: ListAccessRequests) -> AccessRequestPageOut:
    """Requests that one made oneself or could decide on, newest first."""
    with read_only(actor, Action.LIST_ACCESS_REQUESTS):
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        rows = all_requests(actor).filter(own_requests(actor) | decidable_requests(held))
        waiting = rows.filter(WAITING, decidable_requests(held))
        if not stands.tenant.self_approval:
            waiting = waiting.exclude(own_requests(actor))
        if request.state != "any":
            rows = rows.filter(WAITING if request.state == "waiting" else ~WAITING)
        shown, cursor = page(
            rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor, newest_first=True
        )
        return AccessRequestPageOut(
            requests=requests_out(actor, stands, held, shown),
            waiting_for_me=waiting.count() if can_decide_on_channel(actor) else 0,
            next_cursor=cursor,
        )


def show_access_request(actor: Actor, request_id: str) -> AccessRequestDetailOut:
    """One request with what its asker holds now and what they asked for before.

    Who asked sees it, and who holds `admin` on what it is about.
    """
    with read_only(actor, Action.SHOW_ACCESS_REQUEST) as entry:
        stands = active_membership(actor)
        found = all_requests(actor).filter(pk=parse_public_id("req", request_id)).first()
        if found is None:
            raise NotFound("There is no such request.")
        entry.set_fields(credential_id=found.credential_id)
        held = read_permissions(actor, stands)
        thing = target_of(found)
        if found.person_id != actor.person_id:
            require_on(Action.SHOW_ACCESS_REQUEST, held, thing)
        (shown,) = requests_out(actor, stands, held, [found])
        level = level_of_requester(actor, stands, found)
        return AccessRequestDetailOut.model_validate(
            {
                **shown.model_dump(),
                "held_level": level.word if level else None,
                "history": requests_out(
                    actor, stands, held, list(similar_requests(actor, found, HISTORY))
                ),
            }
        )
