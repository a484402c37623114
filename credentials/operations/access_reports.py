"""Who reaches what, and by which rules: asked for a credential, a folder or a subject."""

from access.actions import Action
from access.actor import Actor
from access.scopes import Scope
from credentials.access_paths import AccessPaths, access_path_out, place_of, read_access_paths
from credentials.context import CredentialContext, operation
from credentials.grants import find_target, require_on, require_one_target
from credentials.models import Credential, Folder, State
from credentials.permissions import grants_that_reach
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
from credentials.shapes.grants import SubjectOut
from foundation.db.paging import page
from foundation.errors import Invalid

BY_FOLDER = {"folder__path": str, "key": str}


def _check_target(request: ShowAccess) -> None:
    require_one_target(request.key, request.folder_path)


@operation(Action.SHOW_ACCESS, check=_check_target)
def show_access(context: CredentialContext, request: ShowAccess) -> AccessPageOut:
    """Who reaches a credential or folder: people and service accounts, and by which rules.

    Needs `admin` on it.
    """
    target = find_target(context, request.key, request.folder_path)
    require_on(context, target)
    shown, cursor = _page(_reachers(context.actor, target.row), request)
    return AccessPageOut(reachers=shown, next_cursor=cursor)


def _reachers(actor: Actor, target: Credential | Folder) -> list[ReacherOut]:
    """Everybody who reaches the target; the highest level first, then by name."""
    names = {
        subject: name
        for subject, name in active_principals(actor).items()
        if subject.kind != "group"
    }
    paths = read_access_paths(actor, names, grants_that_reach(target))
    reached = [(subject, found) for subject in names if (found := paths.to(subject, target))]
    return [
        ReacherOut.model_validate(
            {
                "subject": SubjectOut(kind=subject.kind, id=subject.public_id, name=names[subject]),
                "level": found[0].level.word,
                "routes": [access_path_out(path, place_of(target)) for path in found],
            }
        )
        for subject, found in sorted(reached, key=lambda pair: -pair[1][0].level)
    ]


def _page(reachers: list[ReacherOut], request: ShowAccess) -> tuple[list[ReacherOut], str | None]:
    """The page after the subject that the cursor names."""
    ids = [reacher.subject.id for reacher in reachers]
    if request.cursor is not None and request.cursor not in ids:
        raise Invalid("cursor: take it from the page before.", "cursor")
    start = ids.index(request.cursor) + 1 if request.cursor else 0
    shown = reachers[start : start + request.limit]
    more = start + request.limit < len(reachers)
    return shown, shown[-1].subject.id if more else None


@operation(Action.SHOW_REACH, check=require_one_principal)
def show_reach(context: CredentialContext, request: ShowReach) -> ReachPageOut:
    """What a subject reaches, and by which rules.

    Everybody sees their own; that of others is for owners and admins of the tenant.
    """
    actor, subject = context.actor, require_one_principal(request)
    membership = context.membership
    if not subject.is_actor(actor):
        membership.require_admin()
        actor.require_scope(Scope.ADMIN)
    named = require_active_principal(actor, subject)
    paths = read_access_paths(actor, [subject])
    if actor.agent_id is not None:
        # An agent does not see what its person may do through other agents only.
        paths = paths.through(actor.agent_id)
    rows = Credential.objects.of(actor).exclude(state=State.DELETED).select_related("folder")
    rows = rows.filter(paths.permissions(subject).visible())
    if actor.allowed_credentials is not None:
        rows = rows.filter(pk__in=actor.allowed_credentials)
    shown, cursor = page(rows, BY_FOLDER, limit=request.limit, cursor=request.cursor)
    reached = [_reached(paths, subject, credential) for credential in shown]
    return ReachPageOut(subject=named, reached=reached, next_cursor=cursor)


def _reached(paths: AccessPaths, subject: Principal, credential: Credential) -> ReachedOut:
    found = paths.to(subject, credential)
    return ReachedOut.model_validate(
        {
            "key": credential.key,
            "folder_path": credential.folder.path,
            "state": credential.state,
            "level": found[0].level.word,
            "routes": [access_path_out(path, credential.pk) for path in found],
        }
    )
