"""The matrix of grants: subjects against folders and credentials."""

from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from audit.recording import read_only
from credentials.access_paths import AccessPaths, access_path_out, place_of, read_access_paths
from credentials.grant_terms import terms_of
from credentials.grants import terms_out
from credentials.models import Credential, Folder, State
from credentials.permissions import below, path_of
from credentials.principals import Principal, active_principals
from credentials.shapes.access_reports import MatrixCellOut, MatrixPageOut, MatrixRowOut, ShowMatrix
from credentials.shapes.credentials import SubjectOut
from foundation.errors import Invalid
from tenants.memberships import active_membership

Thing = Credential | Folder


def show_matrix(actor: Actor, request: ShowMatrix) -> MatrixPageOut:
    """Subjects against folders and credentials: the grant in each cell, and what is inherited.

    With `folderPath` that folder and all below it; with `query` what has that text in its path or
    key. For owners and admins of the tenant.
    """
    with read_only(actor, Action.SHOW_MATRIX):
        active_membership(actor).require(Action.SHOW_MATRIX)
        names = active_principals(actor)
        chosen, next_subject = _chosen(names, request)
        shown = {
            one: SubjectOut(kind=one.kind, id=one.public_id, name=names[one]) for one in chosen
        }
        routes = read_access_paths(actor, chosen)
        things = _things(actor, request)
        more = len(things) > request.limit
        things = things[: request.limit]
        return MatrixPageOut(
            subjects=list(shown.values()),
            rows=[_row(routes, shown, one) for one in things],
            next_subject_cursor=next_subject,
            next_cursor=_mark(things[-1]) if more else None,
        )


def _chosen(names: dict[Principal, str], request: ShowMatrix) -> tuple[list[Principal], str | None]:
    """The page of subjects behind the one that the cursor names."""
    text = request.subject_query.casefold()
    found = [
        one
        for one, name in names.items()
        if request.subject_kind in {None, one.kind} and text in name.casefold()
    ]
    ids = [one.public_id for one in found]
    if request.subject_cursor is not None and request.subject_cursor not in ids:
        raise Invalid("subjectCursor: take it from the page before.", "subjectCursor")
    start = ids.index(request.subject_cursor) + 1 if request.subject_cursor else 0
    end = start + request.subject_limit
    return found[start:end], ids[end - 1] if end < len(found) else None


def _things(actor: Actor, request: ShowMatrix) -> list[Thing]:
    """Each folder and behind it what it holds, from behind the cursor on; one more than fits."""
    folders = Folder.objects.of(actor).filter(path__icontains=request.query)
    credentials = Credential.objects.of(actor).exclude(state=State.DELETED)
    credentials = credentials.filter(
        Q(key__icontains=request.query) | Q(folder__path__icontains=request.query)
    )
    if request.folder_path is not None:
        folders = folders.filter(below("path", request.folder_path))
        credentials = credentials.filter(below("folder__path", request.folder_path))
    if request.cursor is not None:
        path, key = _place_of(request.cursor)
        folders = folders.filter(path__gt=path)
        credentials = credentials.filter(
            Q(folder__path__gt=path) | Q(folder__path=path, key__gt=key)
        )
    some = request.limit + 1
    found: list[Thing] = [
        *folders.order_by("path")[:some],
        *credentials.select_related("folder").order_by("folder__path", "key")[:some],
    ]
    return sorted(found, key=_order)[:some]


def _order(thing: Thing) -> tuple[str, str]:
    return path_of(thing), thing.key if isinstance(thing, Credential) else ""


def _mark(thing: Thing) -> str:
    """A cursor: neither a path nor a key holds a colon."""
    return ":".join(_order(thing))


def _place_of(cursor: str) -> tuple[str, str]:
    path, colon, key = cursor.partition(":")
    if not colon or "\0" in cursor:
        raise Invalid("cursor: take it from the page before.", "cursor")
    return path, key


def _row(routes: AccessPaths, shown: dict[Principal, SubjectOut], thing: Thing) -> MatrixRowOut:
    return MatrixRowOut(
        key=thing.key if isinstance(thing, Credential) else None,
        folder_path=path_of(thing),
        cells=[_cell(routes, one, told, thing) for one, told in shown.items()],
    )


def _cell(routes: AccessPaths, subject: Principal, told: SubjectOut, thing: Thing) -> MatrixCellOut:
    place = place_of(thing)
    ways = routes.to(subject, thing)
    own = next((one.grant for one in ways if one.is_own(place)), None)
    return MatrixCellOut(
        subject=told,
        own=terms_out(terms_of(own)) if own else None,
        inherited=[access_path_out(one, place) for one in ways if not one.is_own(place)],
    )
