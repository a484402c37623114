"""Who reaches what, and by which rule: asked from either side."""

from access.actions import RULES, Action
from access.actor import Actor
from audit.recording import read_only
from credentials.access_paths import AccessPaths, access_path_out, place_of, read_access_paths
from credentials.grants import find_target, require_on, require_one_target
from credentials.models import Credential, Folder, State
from credentials.permissions import grants_that_reach, read_permissions
from credentials.principals import (
    Principal,
    active_principals,
    require_active_principal,
    require_one_principal,
)
from credentials.shapes.access_reports import (
    AccessPageOut,
    ReachedOut,
    ReacherOut,
    ReachPageOut,
    ShowAccess,
    ShowReach,
)
from credentials.shapes.credentials import SubjectOut
from foundation.db.paging import page
from foundation.errors import Invalid
from tenants.memberships import ActiveMembership, active_membership

BY_FOLDER = {"folder__path": str, "key": str}


def show_access(actor: Actor, request: ShowAccess) -> AccessPageOut:
    """Who reaches a credential or folder: people and service accounts with every rule that lets
    them. Needs `admin` on it.
    """
    require_one_target(request.key, request.folder_path)
    with read_only(actor, Action.SHOW_ACCESS) as entry:
        held = read_permissions(actor, active_membership(actor))
        thing = find_target(actor, held, entry, request.key, request.folder_path)
        require_on(Action.SHOW_ACCESS, held, thing)
        names = {one: name for one, name in active_principals(actor).items() if one.kind != "group"}
        found = _reachers(actor, names, thing.it)
        shown, cursor = _behind(found, request)
        return AccessPageOut(reachers=shown, next_cursor=cursor)


def _reachers(
    actor: Actor, names: dict[Principal, str], thing: Credential | Folder
) -> list[ReacherOut]:
    """Everybody with a rule that lets them; the highest level first, then by name."""
    routes = read_access_paths(actor, names, grants_that_reach(thing))
    reached = [(one, ways) for one in names if (ways := routes.to(one, thing))]
    return [
        ReacherOut.model_validate(
            {
                "subject": SubjectOut(kind=one.kind, id=one.public_id, name=names[one]),
                "level": ways[0].level.word,
                "routes": [access_path_out(way, place_of(thing)) for way in ways],
            }
        )
        for one, ways in sorted(reached, key=lambda pair: -pair[1][0].level)
    ]


def _behind(found: list[ReacherOut], request: ShowAccess) -> tuple[list[ReacherOut], str | None]:
    """The page behind the subject that the cursor names."""
    ids = [one.subject.id for one in found]
    if request.cursor is not None and request.cursor not in ids:
        raise Invalid("cursor: take it from the page before.", "cursor")
    start = ids.index(request.cursor) + 1 if request.cursor else 0
    shown = found[start : start + request.limit]
    more = start + request.limit < len(found)
    return shown, shown[-1].subject.id if more else None


def show_reach(actor: Actor, request: ShowReach) -> ReachPageOut:
    """What a subject reaches, and by which rules: one's own for everybody, that of others for
    owners and admins of the tenant.
    """
    subject = require_one_principal(request)
    with read_only(actor, Action.SHOW_REACH):
        _require_own(actor, active_membership(actor), subject)
        named = require_active_principal(actor, subject)
        routes = _routes(actor, subject)
        rows = Credential.objects.of(actor).exclude(state=State.DELETED).select_related("folder")
        rows = rows.filter(routes.rights(subject).visible())
        if actor.allowed_credentials is not None:
            rows = rows.filter(pk__in=actor.allowed_credentials)
        shown, cursor = page(rows, BY_FOLDER, limit=request.limit, cursor=request.cursor)
        reached = [_reached(routes, subject, one) for one in shown]
        return ReachPageOut(subject=named, reached=reached, next_cursor=cursor)


def _require_own(actor: Actor, stands: ActiveMembership, subject: Principal) -> None:
    if subject.id not in {actor.person_id, actor.service_account_id}:
        stands.require(Action.SHOW_MATRIX)
        actor.require_scope(RULES[Action.SHOW_MATRIX].scope)


def _routes(actor: Actor, subject: Principal) -> AccessPaths:
    """All rules of the subject; an agent is not told what only other agents of its person may."""
    routes = read_access_paths(actor, [subject])
    return routes if actor.agent_id is None else routes.through(actor.agent_id)


def _reached(routes: AccessPaths, subject: Principal, credential: Credential) -> ReachedOut:
    ways = routes.to(subject, credential)
    return ReachedOut.model_validate(
        {
            "key": credential.key,
            "folder_path": credential.folder.path,
            "state": credential.state,
            "level": ways[0].level.word,
            "routes": [access_path_out(one, credential.pk) for one in ways],
        }
    )
