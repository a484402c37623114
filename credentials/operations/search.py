"""Listing and searching what the actor may see; never a value."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery

from access.actions import Action
from access.actor import Actor
from audit.recording import read_only
from credentials.models import Credential, Folder, State, Version, VersionState
from credentials.permissions import Permissions, below, read_permissions
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
from foundation.errors import FolderNotFound, Invalid
from foundation.schema.safe_text import is_visible
from tenants.memberships import active_membership

CANDIDATES = 1000


def list_credentials(actor: Actor, request: ListCredentials) -> CredentialPageOut:
    """List credentials by folder, type and tag with their metadata; values are never listed.

    Without `folderPath` everything visible is listed; with it that folder, and with `recursive`
    all below it. Ordered by folder and key. FolderNotFound when nothing visible is there.
    """
    with read_only(actor, Action.LIST_CREDENTIALS):
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        rows = _filtered(actor, held, request)
        if request.cursor:
            rows = rows.filter(_after(request.cursor))
        page = list(rows.order_by("folder__path", "key")[: request.limit + 1])
        folders = _child_folders(actor, held, request.folder_path or "")
        _require_something(actor, held, request.folder_path, found=bool(page or folders))
        shown = page[: request.limit]
        return CredentialPageOut(
            credentials=[
                credential_out(one, _number(one), held.on(one), stands.tenant) for one in shown
            ],
            folders=folders,
            next_cursor=_cursor([shown[-1].folder.path, shown[-1].key])
            if len(page) > request.limit
            else None,
        )


def search_credentials(actor: Actor, request: SearchCredentials) -> FoundPageOut:
    """Find credentials by a fuzzy match on key, tag, type, folder or description; best first."""
    with read_only(actor, Action.SEARCH_CREDENTIALS):
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        scores = _scores(request.query)
        rows = _filtered(actor, held, request).filter(pk__in=list(scores))
        ranked = sorted(rows, key=lambda one: (-scores[one.pk], one.key))
        start = _offset(request.cursor)
        shown = ranked[start : start + request.limit]
        more = start + request.limit < len(ranked)
        return FoundPageOut(
            credentials=[
                FoundOut.model_validate(
                    {
                        **credential_fields(one, _number(one), held.on(one), stands.tenant),
                        "score": round(float(scores[one.pk]), 4),
                    }
                )
                for one in shown
            ],
            next_cursor=_cursor([start + request.limit]) if more else None,
        )


def _filtered(
    actor: Actor, held: Permissions, request: ListCredentials | SearchCredentials
) -> QuerySet[Credential]:
    rows = Credential.objects.of(actor).exclude(state=State.DELETED).filter(held.visible())
    if request.folder_path is not None:
        whole = not isinstance(request, ListCredentials) or request.recursive
        rows = rows.filter(
            below("folder__path", request.folder_path)
            if whole
            else Q(folder__path=request.folder_path)
        )
    if isinstance(request, BrowseCredentials | BrowseFound) and request.state:
        rows = rows.filter(state=request.state)
    if request.type:
        rows = rows.filter(type=request.type)
    if request.tag:
        rows = rows.filter(pk__in=_ids("SELECT credentials_tagged(%s)", [request.tag]))
    current = Version.objects.filter(credential=OuterRef("pk"), state=VersionState.CURRENT)
    return rows.select_related("folder").annotate(
        current_number=Subquery(current.values("number")[:1])
    )


def _number(credential: Credential) -> int | None:
    number: int | None = getattr(credential, "current_number", None)
    return number


def _scores(query: str) -> dict[Any, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, score FROM credentials_matching(%s, %s)", [query.lower(), CANDIDATES]
        )
        return dict(cursor.fetchall())


def _ids(statement: str, arguments: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return [row[0] for row in cursor.fetchall()]


def _child_folders(actor: Actor, held: Permissions, path: str) -> list[str]:
    """The folders right below `path` in which, or below which, the actor sees something."""
    rows = Credential.objects.of(actor).exclude(state=State.DELETED).filter(held.visible())
    used = rows.filter(below("folder__path", path)).values_list("folder__path", flat=True)
    empty = [
        one
        for one in Folder.objects.of(actor)
        .filter(below("path", path))
        .values_list("path", flat=True)
        if held.on_folder(one)
    ]
    start = f"{path}/" if path else ""
    children = {
        start + one[len(start) :].split("/")[0]
        for one in {*used.distinct(), *empty}
        if one != path and one.startswith(start)
    }
    return sorted(child for child in children if child)


def _require_something(actor: Actor, held: Permissions, path: str | None, *, found: bool) -> None:
    if not path or found:
        return
    exists = Folder.objects.of(actor).filter(path=path).exists()
    if not exists or not held.on_folder(path):
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
