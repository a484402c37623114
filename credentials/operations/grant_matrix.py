"""The matrix of grants: subjects across, folders and credentials down."""

from django.db.models import Q

from access.actions import Action
from access.actor import Actor
from credentials.access_paths import AccessPaths, access_path_out, place_of, read_access_paths
from credentials.context import CredentialContext, operation
from credentials.grant_terms import Terms
from credentials.grants import terms_out
from credentials.models import Credential, Folder, State
from credentials.permissions import below, path_of
from credentials.principals import Principal, active_principals
from credentials.shapes.access_reports import MatrixCellOut, MatrixPageOut, MatrixRowOut, ShowMatrix
from credentials.shapes.grants import SubjectOut
from foundation.errors import Invalid

Target = Credential | Folder


@operation(Action.SHOW_MATRIX)
def show_matrix(context: CredentialContext, request: ShowMatrix) -> MatrixPageOut:
    """Subjects against folders and credentials: the grant in each cell, and what is inherited.

    With `folderPath` that folder and all below it; with `query` what has that text in its path or
    key. For owners and admins of the tenant.
    """
    names = active_principals(context.actor)
    chosen, next_subject = _choose_subjects(names, request)
    subjects = {
        subject: SubjectOut(kind=subject.kind, id=subject.public_id, name=names[subject])
        for subject in chosen
    }
    paths = read_access_paths(context.actor, chosen)
    targets = _targets(context.actor, request)
    shown = targets[: request.limit]
    return MatrixPageOut(
        subjects=list(subjects.values()),
        rows=[_row(paths, subjects, target) for target in shown],
        next_subject_cursor=next_subject,
        next_cursor=_cursor(shown[-1]) if len(targets) > request.limit else None,
    )


def _choose_subjects(
    names: dict[Principal, str], request: ShowMatrix
) -> tuple[list[Principal], str | None]:
    """The page of subjects after the one that the cursor names."""
    text = request.subject_query.casefold()
    found = [
        subject
        for subject, name in names.items()
        if request.subject_kind in {None, subject.kind} and text in name.casefold()
    ]
    ids = [subject.public_id for subject in found]
    if request.subject_cursor is not None and request.subject_cursor not in ids:
        raise Invalid("subjectCursor: take it from the page before.", "subjectCursor")
    start = ids.index(request.subject_cursor) + 1 if request.subject_cursor else 0
    end = start + request.subject_limit
    return found[start:end], ids[end - 1] if end < len(found) else None


def _targets(actor: Actor, request: ShowMatrix) -> list[Target]:
    """Each folder followed by its credentials, after the cursor; one more than the limit."""
    folders = Folder.objects.of(actor).filter(path__icontains=request.query)
    credentials = Credential.objects.of(actor).exclude(state=State.DELETED)
    credentials = credentials.filter(
        Q(key__icontains=request.query) | Q(folder__path__icontains=request.query)
    )
    if request.folder_path is not None:
        folders = folders.filter(below("path", request.folder_path))
        credentials = credentials.filter(below("folder__path", request.folder_path))
    if request.cursor is not None:
        path, key = _parse_cursor(request.cursor)
        folders = folders.filter(path__gt=path)
        credentials = credentials.filter(
            Q(folder__path__gt=path) | Q(folder__path=path, key__gt=key)
        )
    most = request.limit + 1
    found: list[Target] = [
        *folders.order_by("path")[:most],
        *credentials.select_related("folder").order_by("folder__path", "key")[:most],
    ]
    return sorted(found, key=_order)[:most]


def _order(target: Target) -> tuple[str, str]:
    return path_of(target), target.key if isinstance(target, Credential) else ""


def _cursor(target: Target) -> str:
    # Neither a path nor a key can contain a colon.
    return ":".join(_order(target))


def _parse_cursor(cursor: str) -> tuple[str, str]:
    path, colon, key = cursor.partition(":")
    if not colon or "\0" in cursor:
        raise Invalid("cursor: take it from the page before.", "cursor")
    return path, key


def _row(paths: AccessPaths, subjects: dict[Principal, SubjectOut], target: Target) -> MatrixRowOut:
    return MatrixRowOut(
        key=target.key if isinstance(target, Credential) else None,
        folder_path=path_of(target),
        cells=[_cell(paths, subject, shown, target) for subject, shown in subjects.items()],
    )


def _cell(
    paths: AccessPaths, subject: Principal, shown: SubjectOut, target: Target
) -> MatrixCellOut:
    place, found = place_of(target), paths.to(subject, target)
    own = next((path.grant for path in found if path.is_own(place)), None)
    return MatrixCellOut(
        subject=shown,
        own=terms_out(Terms.of(own)) if own else None,
        inherited=[access_path_out(path, place) for path in found if not path.is_own(place)],
    )
