"""Requests for access, as those see them who asked and those who decide."""

from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.errors import NotFound
from access.ids import parse_public_id
from access.paging import page
from audit.recording import reading
from credentials.access_requests import (
    WAITING,
    all_requests,
    decidable,
    level_of_asker,
    like,
    may_decide_here,
    own,
    requests_out,
    thing_of,
)
from credentials.granting import require_on
from credentials.request_shapes import (
    AccessRequestDetail,
    AccessRequestPage,
    ListAccessRequests,
)
from credentials.rights import rights
from tenants.standing import standing

HISTORY = 10


def list_access_requests(actor: Actor, request: ListAccessRequests) -> AccessRequestPage:
    """Requests that one made oneself or could decide on, newest first."""
    with reading(actor, Action.LIST_ACCESS_REQUESTS):
        stands = standing(actor)
        held = rights(actor, stands)
        rows = all_requests(actor).filter(own(actor) | decidable(held))
        waiting = rows.filter(WAITING, decidable(held))
        if not stands.tenant.self_approval:
            waiting = waiting.exclude(own(actor))
        if request.state != "any":
            rows = rows.filter(WAITING if request.state == "waiting" else ~WAITING)
        shown, cursor = page(
            rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor, newest_first=True
        )
        return AccessRequestPage(
            requests=requests_out(actor, stands, held, shown),
            waiting_for_me=waiting.count() if may_decide_here(actor) else 0,
            next_cursor=cursor,
        )


def show_access_request(actor: Actor, request_id: str) -> AccessRequestDetail:
    """One request with what its asker holds now and what they asked for before.

    Who asked sees it, and who holds `admin` on what it is about.
    """
    with reading(actor, Action.SHOW_ACCESS_REQUEST) as entry:
        stands = standing(actor)
        found = all_requests(actor).filter(pk=parse_public_id("req", request_id)).first()
        if found is None:
            raise NotFound("There is no such request.")
        entry.about(credential_id=found.credential_id)
        held = rights(actor, stands)
        thing = thing_of(found)
        if found.person_id != actor.person_id:
            require_on(Action.SHOW_ACCESS_REQUEST, held, thing)
        (shown,) = requests_out(actor, stands, held, [found])
        level = level_of_asker(actor, stands, found)
        return AccessRequestDetail.model_validate(
            {
                **shown.model_dump(),
                "held_level": level.word if level else None,
                "history": requests_out(actor, stands, held, list(like(actor, found, HISTORY))),
            }
        )
