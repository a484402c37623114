"""Folders and tags: listed, and folders created and removed by themselves.

Putting something into a missing folder creates it as well.
"""

from collections import Counter
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from audit.events import Event
from credentials.context import CredentialContext, operation
from credentials.models import Credential, Folder, Grant, State
from credentials.permissions import Permissions, below
from credentials.placement import require_folder
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


@operation(Action.LIST_FOLDERS)
def list_folders(context: CredentialContext, request: ListFolders) -> FolderPageOut:
    """Folders that the actor sees or sees something in; FolderNotFound when there are none."""
    permissions = context.permissions
    seen = visible_folders(context)
    rows = Folder.objects.of(context.actor).filter(below("path", request.folder_path), seen)
    if request.folder_path and not rows.exists():
        raise FolderNotFound()
    shown, cursor = page(rows, {"path": str}, limit=request.limit, cursor=request.cursor)
    counts = _counts(context.visible_credentials(), shown)
    return FolderPageOut(
        folders=[folder_out(permissions, folder, counts.get(folder.pk, 0)) for folder in shown],
        next_cursor=cursor,
    )


def visible_folders(context: CredentialContext) -> Q:
    """The condition for folders that the actor sees, or sees something in."""
    seen = context.permissions.folders_at_least(Level.VIEWER)
    return seen | Q(pk__in=context.visible_credentials().values("folder_id"))


def _counts(visible: QuerySet[Credential], folders: list[Folder]) -> dict[UUID, int]:
    rows = visible.filter(folder__in=folders).values("folder_id").annotate(count=Count("pk"))
    return {row["folder_id"]: row["count"] for row in rows}


def folder_out(permissions: Permissions, folder: Folder, count: int) -> FolderOut:
    """The folder as the caller sees it, with the number of credentials directly in it."""
    level = permissions.on_folder(folder.path)
    return FolderOut.model_validate(
        {"folder_path": folder.path, "access": level.word if level else None, "credentials": count}
    )


@operation(Action.CREATE_FOLDER, Event.FOLDER_CREATED)
def create_folder(context: CredentialContext, request: NameFolder) -> FolderOut:
    """Create a folder, and those above it that are missing; needs `manager` there."""
    context.require_folder(request.folder_path)
    context.entry.add_details(folder=request.folder_path)
    same = Folder.objects.of(context.actor).filter(path=request.folder_path)
    if not request.folder_path or same.exists():
        raise Conflict("This folder exists already.", field="folderPath")
    return folder_out(context.permissions, require_folder(context.actor, request.folder_path), 0)


@operation(Action.REMOVE_FOLDER, Event.FOLDER_REMOVED)
def remove_folder(context: CredentialContext, request: NameFolder) -> None:
    """Remove an empty folder; needs `manager` there. Conflict while anything is in or on it."""
    actor, permissions = context.actor, context.permissions
    folder = Folder.objects.of(actor).locked().filter(path=request.folder_path).first()
    if folder is None or permissions.on_folder(request.folder_path) < Level.VIEWER:
        raise FolderNotFound()
    context.require_folder(folder.path)
    context.entry.add_details(folder=folder.path)
    _require_empty(actor, folder)
    # The tombstones of deleted credentials need some folder.
    tombstones = Credential.objects.of(actor).filter(folder=folder)
    tombstones.update(folder=require_folder(actor, ""))
    folder.delete()


def _require_empty(actor: Actor, folder: Folder) -> None:
    """Nothing in it or below it, and no grant on it: a removal takes nothing else along."""
    if not folder.path:
        raise Conflict("The root folder stays.")
    inside = Folder.objects.of(actor).filter(below("path", folder.path)).exclude(pk=folder.pk)
    credentials = Credential.objects.of(actor).filter(folder=folder).exclude(state=State.DELETED)
    if inside.exists() or credentials.exists():
        raise Conflict("This folder is not empty.")
    if Grant.objects.of(actor).filter(folder=folder).exists():
        raise Conflict("There are grants on this folder; remove them first.")


@operation(Action.LIST_TAGS)
def list_tags(context: CredentialContext) -> TagsOut:
    """The tags of all credentials that the actor sees, with how often each is used."""
    rows = context.visible_credentials().exclude(tags=[])
    uses = Counter(tag for tags in rows.values_list("tags", flat=True) for tag in tags)
    return TagsOut(tags=[TagOut(tag=tag, credentials=uses[tag]) for tag in sorted(uses)])
