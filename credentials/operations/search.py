"""Listing and searching what the actor may see; never a value."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from access.actions import Action
from credentials.context import CredentialContext, operation
from credentials.disclosures import disclosed_to
from credentials.models import Credential, Folder, State, Version, VersionState
from credentials.permissions import below
from credentials.serializers import credential_fields, credential_out
from credentials.shapes.credentials import (
    BrowseCredentials,
    BrowseFound,
    CredentialPageOut,
    FoundOut,
    FoundPageOut,
    ListCredentials,
    SearchCredentials,
)
from foundation.db.prepared import (
    Parameter,
    PreparedQuery,
    PreparedText,
    execute,
    fetch,
    instances_of,
    values_of,
)
from foundation.errors import FolderNotFound, Invalid
from foundation.schema.safe_text import is_visible

CANDIDATES = 1000
ORDER = ("folder__path", "key")
_MATCHING = PreparedText(
    "SELECT id, score FROM credentials_matching(%(query)s::text, %(most)s::integer)"
)
_TAGGED = PreparedText("SELECT credentials_tagged(%(tag)s::text)")


@operation(Action.LIST_CREDENTIALS, on_loop=True)
def list_credentials(context: CredentialContext, request: ListCredentials) -> CredentialPageOut:
    """List credentials by folder, type and tag with their metadata; values are never listed.

    Without `folderPath` everything visible is listed; with it that folder, and with `recursive`
    all below it. Ordered by folder and key. FolderNotFound when nothing visible is there.
    """
    permissions = context.permissions
    page = _page(context, request)
    folders = _child_folders(context, request.folder_path or "")
    if request.folder_path and not page and not folders:
        _require_visible_folder(context, request.folder_path)
    shown = page[: request.limit]
    last = shown[-1] if len(page) > request.limit else None
    tenant = context.membership.tenant
    return CredentialPageOut(
        credentials=[
            credential_out(row, _number(row), permissions.on(row), tenant) for row in shown
        ],
        folders=folders,
        next_cursor=_cursor([last.folder.path, last.key]) if last else None,
    )


@operation(Action.SEARCH_CREDENTIALS, on_loop=True)
def search_credentials(context: CredentialContext, request: SearchCredentials) -> FoundPageOut:
    """Find credentials by a fuzzy match on key, tag, type, folder or description; best first."""
    context.require_membership()
    scores = _scores(request.query)
    rows = _filtered(context, request).filter(pk__in=list(scores))
    ranked = sorted(fetch(instances_of(rows)), key=lambda row: (-scores[row.pk], row.key))
    start = _offset(request.cursor)
    end = start + request.limit
    return FoundPageOut(
        credentials=[_found(context, row, scores[row.pk]) for row in ranked[start:end]],
        next_cursor=_cursor([end]) if end < len(ranked) else None,
    )


def _page(context: CredentialContext, request: ListCredentials) -> list[Credential]:
    """The credentials of the page, and one more if there are more."""
    narrowed = any(value not in (None, False) for name, value in request if name != "limit")
    if context.permissions.see_everything and not narrowed:
        return fetch(_first_page(request.limit + 1)(tenant=context.actor.tenant_id))
    rows = _filtered(context, request)
    if request.cursor:
        rows = rows.filter(_after(request.cursor))
    return fetch(instances_of(rows.order_by(*ORDER)[: request.limit + 1]))


@cache
def _first_page(length: int) -> PreparedQuery[Credential]:
    rows = Credential.objects.filter(tenant_id=Parameter("tenant")).exclude(state=State.DELETED)
    return PreparedQuery(lambda: _with_number(rows).order_by(*ORDER)[:length])


def _found(context: CredentialContext, credential: Credential, score: float) -> FoundOut:
    level, tenant = context.permissions.on(credential), context.membership.tenant
    fields = credential_fields(credential, _number(credential), level, tenant)
    return FoundOut.model_validate({**fields, "score": round(float(score), 4)})


def _filtered(
    context: CredentialContext, request: ListCredentials | SearchCredentials
) -> QuerySet[Credential]:
    rows = context.visible_credentials()
    if request.folder_path is not None:
        recursive = not isinstance(request, ListCredentials) or request.recursive
        rows = rows.filter(
            below("folder__path", request.folder_path)
            if recursive
            else Q(folder__path=request.folder_path)
        )
    if isinstance(request, BrowseCredentials | BrowseFound) and request.state:
        rows = rows.filter(state=request.state)
    if isinstance(request, BrowseCredentials | BrowseFound) and request.disclosure:
        rows = rows.filter(disclosed_to(context.membership.tenant, request.disclosure))
    if request.type:
        rows = rows.filter(type=request.type)
    if request.tag:
        rows = rows.filter(pk__in=[row[0] for row in fetch(_TAGGED(tag=request.tag))])
    return _with_number(rows)


def _with_number(rows: QuerySet[Credential]) -> QuerySet[Credential]:
    """With the folder and the current version's number."""
    current = Version.objects.filter(credential=OuterRef("pk"), state=VersionState.CURRENT)
    return rows.select_related("folder").annotate(
        current_number=Subquery(current.values("number")[:1])
    )


def _number(credential: Credential) -> int | None:
    number: int | None = getattr(credential, "current_number", None)
    return number


def _scores(query: str) -> dict[Any, float]:
    return dict(fetch(_MATCHING(query=query.lower(), most=CANDIDATES)))


def _child_folders(context: CredentialContext, path: str) -> list[str]:
    """The folders directly below `path` in which, or below which, the actor sees something."""
    permissions = context.permissions
    if permissions.see_everything:
        query = _folders_below(whole=not path)
        low, high = f"{path}/", f"{path}0"  # `0` is the character after `/` in the C collation
        rows = fetch(query(tenant=context.actor.tenant_id, low=low, high=high))
        paths = {folder.path for folder in rows}
    else:
        used = context.visible_credentials().filter(below("folder__path", path))
        folders = Folder.objects.of(context.actor).filter(below("path", path))
        every, in_use = execute(
            values_of(folders.values_list("path")),
            values_of(used.values_list("folder__path").distinct()),
        )
        paths = {folder for (folder,) in every if permissions.on_folder(folder)}
        paths |= {folder for (folder,) in in_use}
    start = f"{path}/" if path else ""
    children = {
        start + folder[len(start) :].split("/")[0]
        for folder in paths
        if folder != path and folder.startswith(start)
    }
    return sorted(child for child in children if child)


@cache
def _folders_below(*, whole: bool) -> PreparedQuery[Folder]:
    rows = Folder.objects.filter(tenant_id=Parameter("tenant"))
    if not whole:
        rows = rows.filter(path__gt=Parameter("low"), path__lt=Parameter("high"))
    return PreparedQuery(lambda: rows)


def _require_visible_folder(context: CredentialContext, path: str) -> None:
    found = fetch(instances_of(Folder.objects.of(context.actor).filter(path=path)))
    if not found or not context.permissions.on_folder(path):
        raise FolderNotFound()


def _after(cursor: str) -> Q:
    path, key = _parts(cursor, str, str)
    return Q(folder__path__gt=path) | Q(folder__path=path, key__gt=key)


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    (start,) = _parts(cursor, int)
    if not 0 <= start <= CANDIDATES:
        raise Invalid("cursor: take it from the page before.", "cursor")
    return int(start)


def _cursor(parts: list[str] | list[int]) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _parts(cursor: str, *types: type) -> list[Any]:
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fits = [type(part) for part in parts] == list(types)
        if fits and all(is_visible(str(part)) for part in parts):
            return list(parts)
    except (ValueError, TypeError):
        pass
    raise Invalid("cursor: take it from the page before.", "cursor")
