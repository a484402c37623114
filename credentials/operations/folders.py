"""Folders made and removed by themselves; others come into being when something is put there."""

from collections import Counter
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import audited, read_only
from credentials.folders import require_folder
from credentials.models import Credential, Folder, Grant, State
from credentials.permission_errors import insufficient_level
from credentials.permissions import Permissions, below, read_permissions
from credentials.shapes.folders import (
    FolderOut,
    FolderPageOut,
    ListFolders,
    NameFolder,
    TagOut,
    TagsOut,
)
from foundation.db.paging import page
from foundation.errors import Conflict, FolderNotFound
from tenants.memberships import active_membership


def list_folders(actor: Actor, request: ListFolders) -> FolderPageOut:
    """Folders that the actor sees or sees something in; FolderNotFound when there are none."""
    with read_only(actor, Action.LIST_FOLDERS):
        held = read_permissions(actor, active_membership(actor))
        visible = _visible(actor, held)
        seen = held.folders_at_least(Level.VIEWER) | Q(pk__in=visible.values("folder_id"))
        rows = Folder.objects.of(actor).filter(below("path", request.folder_path), seen)
        if request.folder_path and not rows.exists():
            raise FolderNotFound()
        shown, cursor = page(rows, {"path": str}, limit=request.limit, cursor=request.cursor)
        counts = _counts(visible, shown)
        return FolderPageOut(
            folders=[folder_out(held, one, counts.get(one.pk, 0)) for one in shown],
            next_cursor=cursor,
        )


def create_folder(actor: Actor, request: NameFolder) -> FolderOut:
    """Make a folder, and those above it that are missing; needs `manager` there."""
    with audited(actor, Action.CREATE_FOLDER, Event.FOLDER_CREATED) as entry:
        held = read_permissions(actor, active_membership(actor))
        require_manager(held, request.folder_path, Action.CREATE_FOLDER)
        entry.add_details(folder=request.folder_path)
        there = Folder.objects.of(actor).filter(path=request.folder_path)
        if not request.folder_path or there.exists():
            raise Conflict("This folder exists already.", field="folderPath")
        return folder_out(held, require_folder(actor, request.folder_path), 0)


def remove_folder(actor: Actor, request: NameFolder) -> None:
    """Remove an empty folder; needs `manager` there. Conflict while anything hangs on it."""
    with audited(actor, Action.REMOVE_FOLDER, Event.FOLDER_REMOVED) as entry:
        held = read_permissions(actor, active_membership(actor))
        folder = Folder.objects.of(actor).locked().filter(path=request.folder_path).first()
        if folder is None or held.on_folder(request.folder_path) < Level.VIEWER:
            raise FolderNotFound()
        require_manager(held, folder.path, Action.REMOVE_FOLDER)
        entry.add_details(folder=folder.path)
        _require_empty(actor, folder)
        # What was deleted in it leaves tombstones, which need some place.
        tombstones = Credential.objects.of(actor).filter(folder=folder)
        tombstones.update(folder=require_folder(actor, ""))
        folder.delete()


def list_tags(actor: Actor) -> TagsOut:
    """The tags of all that the actor sees, with how often each is used."""
    with read_only(actor, Action.LIST_TAGS):
        rows = _visible(actor, read_permissions(actor, active_membership(actor))).exclude(tags=[])
        uses = Counter(tag for tags in rows.values_list("tags", flat=True) for tag in tags)
        return TagsOut(tags=[TagOut(tag=tag, credentials=uses[tag]) for tag in sorted(uses)])


def _visible(actor: Actor, held: Permissions) -> TenantQuerySet[Credential]:
    return Credential.objects.of(actor).exclude(state=State.DELETED).filter(held.visible())


def _counts(visible: QuerySet[Credential], folders: list[Folder]) -> dict[UUID, int]:
    rows = visible.filter(folder__in=folders).values("folder_id").annotate(count=Count("pk"))
    return {row["folder_id"]: row["count"] for row in rows}


def folder_out(held: Permissions, folder: Folder, count: int) -> FolderOut:
    """The folder as the caller sees it, with how many credentials right in it."""
    level = held.on_folder(folder.path)
    return FolderOut.model_validate(
        {"folder_path": folder.path, "access": level.word if level else None, "credentials": count}
    )


def require_manager(held: Permissions, path: str, action: Action) -> None:
    """Refuse below what the action asks for on this folder."""
    needed = RULES[action].level or Level.MANAGER
    if held.on_folder(path) < needed:
        raise insufficient_level(needed, held.on_folder(path), folder=path)


def _require_empty(actor: Actor, folder: Folder) -> None:
    """Nothing in it or below it, and no grant on it: a removal takes nothing else along."""
    if not folder.path:
        raise Conflict("The root folder stays.")
    inside = Folder.objects.of(actor).filter(below("path", folder.path)).exclude(pk=folder.pk)
    living = Credential.objects.of(actor).filter(folder=folder).exclude(state=State.DELETED)
    if inside.exists() or living.exists():
        raise Conflict("This folder is not empty.")
    if Grant.objects.of(actor).filter(folder=folder).exists():
        raise Conflict("There are grants on this folder; remove them first.")
