"""Moving a folder with all that is in it: paths change, and with them what folders above give."""

from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, Q
from django.db.models.functions import Now

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from access.revocation import AccessRevoked, announce_revoked
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import audited
from credentials.access_paths import read_access_paths
from credentials.models import Credential, Folder, Grant, State
from credentials.operations.folders import folder_out, require_manager
from credentials.permissions import Permissions, ancestors, below, in_force, read_permissions
from credentials.placement import hold_folder, require_no_gain
from credentials.principals import Principal, principal_of
from credentials.serializers import search_text
from credentials.shapes.folders import FolderOut, MoveFolder
from credentials.validators import check_folder_path
from foundation.db.ids import NO_ID
from foundation.errors import Conflict, FolderNotFound, Invalid
from tenants.memberships import active_membership
from tenants.models import GroupMember

AT_ONCE = 500  # rows a statement: each has its own new text in it
LENDING = [level.word for level in Level if level >= Level.USER]


def move_folder(actor: Actor, request: MoveFolder) -> FolderOut:
    """Rename a folder, or put it elsewhere, with everything in it and below it.

    `manager` is needed on it and where it goes. Grants on it and below it go along; what the
    folders above gave ends, and the leases of whoever may no longer read end with it.
    """
    old, new = request.folder_path, request.new_folder_path
    with audited(actor, Action.MOVE_FOLDER, Event.FOLDER_MOVED) as entry:
        stands = active_membership(actor, keep=True)
        held = read_permissions(actor, stands)
        if held.on_folder(old) < Level.VIEWER or not _folders(actor, Q(path=old)).exists():
            raise FolderNotFound()
        entry.add_details(source=old, target=new)
        _require_manager(held, old, new)
        _require_sense(old, new)
        credentials, folders = _hold(actor, old, new)
        # Again, because folders may have moved while these were waited for.
        _require_manager(read_permissions(actor, stands), old, new)
        require_no_gain(actor, stands, folders[0], _parent(new))
        losers = _who_may_lose(actor, old, new)
        before = read_access_paths(actor, losers)
        _put(actor, folders, old, new)
        _require_nothing_came(actor, folders, credentials, old)
        moved = _rewrite(actor, credentials)
        entry.add_details(folders=len(folders), credentials=len(moved))
        # What is left through some agents only keeps no lease: it may be another agent's.
        after = read_access_paths(actor, losers).through(NO_ID)
        for one in losers:
            had, keeps = before.rights(one), after.rights(one)
            _end_leases(actor, one, [it for it in moved if _lost(had, keeps, credentials, it)])
        right_in_it = sum(one.folder_id == folders[0].pk for one in moved)
        return folder_out(read_permissions(actor, stands), folders[0], right_in_it)


def _require_manager(held: Permissions, old: str, new: str) -> None:
    for path in (old, new):
        require_manager(held, path, Action.MOVE_FOLDER)


def _require_sense(old: str, new: str) -> None:
    if not old:
        raise Conflict("The root folder stays.")
    if not new or new == old:
        raise _taken()
    if old in ancestors(new):
        raise Conflict("A folder cannot be put into itself.", field="newFolderPath")


def _folders(actor: Actor, which: Q) -> TenantQuerySet[Folder]:
    return Folder.objects.of(actor).filter(which)


def _parent(path: str) -> str:
    return ancestors(path)[-2]


def _hold(actor: Actor, old: str, new: str) -> tuple[dict[UUID, Credential], list[Folder]]:
    """What moves, and the place it goes to.

    Credentials first and in one order: whoever has one locked may be waiting for a folder.
    """
    rows = Credential.objects.of(actor).filter(below("folder__path", old))
    rows = rows.exclude(state=State.DELETED)
    held = list(rows.locked().order_by("pk").values_list("pk", flat=True))
    folders = _hold_folders(actor, old, new)
    hold_folder(actor, _parent(new))
    # Read after all locks, because nested folders may have moved while they were waited for.
    found = Credential.objects.of(actor).filter(pk__in=held).select_related("folder")
    return {one.pk: one for one in found}, folders


def _hold_folders(actor: Actor, old: str, new: str) -> list[Folder]:
    """Those that move and those above the target, by their paths: two moves wait for each other."""
    touched = below("path", old) | Q(path__in=[*ancestors(new)[:-1]])
    rows = _folders(actor, touched).select_for_update(of=("self",), no_key=True)
    found = [one for one in rows.order_by("path") if old in ancestors(one.path)]
    if not found or found[0].path != old:
        raise FolderNotFound()
    for one in found:
        _require_fitting(new + one.path.removeprefix(old))
    return found


def _require_fitting(path: str) -> None:
    try:
        check_folder_path(path, "newFolderPath")
    except Invalid:
        raise Invalid(
            "newFolderPath: what is below the folder would lie too deep there.", "newFolderPath"
        ) from None


def _put(actor: Actor, folders: list[Folder], old: str, new: str) -> None:
    if _folders(actor, below("path", new)).exists():
        raise _taken()
    for one in folders:
        one.path = new + one.path.removeprefix(old)
    try:
        Folder.objects.of(actor).bulk_update(folders, ["path"], batch_size=AT_ONCE)
    except IntegrityError:  # somebody made it at the same moment
        raise _taken() from None


def _taken() -> Conflict:
    return Conflict("This folder exists already.", field="newFolderPath")


def _require_nothing_came(
    actor: Actor, folders: list[Folder], credentials: dict[UUID, Credential], old: str
) -> None:
    """What was put there while the locks were taken is not among what was moved."""
    inside = Credential.objects.of(actor).filter(folder__in=folders).exclude(state=State.DELETED)
    there = set(inside.values_list("pk", flat=True))
    if there != set(credentials) or _folders(actor, below("path", old)).exists():
        raise Conflict("Something was put into this folder at this moment; try again.")


def _rewrite(actor: Actor, credentials: dict[UUID, Credential]) -> list[Credential]:
    """A credential's folder is part of what is searched and of what an edit has seen."""
    rows = Credential.objects.of(actor).filter(pk__in=credentials).select_related("folder")
    moved = list(rows)
    for one in moved:
        one.search_text = search_text(one)
    Credential.objects.of(actor).bulk_update(moved, ["search_text"], batch_size=AT_ONCE)
    rows.update(revision=F("revision") + 1, updated_at=Now())
    return moved


def _who_may_lose(actor: Actor, old: str, new: str) -> list[Principal]:
    """People and service accounts with a grant on a folder that is no longer above."""
    lost = set(ancestors(old)[:-1]) - set(ancestors(new))
    grants = Grant.objects.of(actor).filter(in_force(), folder__path__in=lost, level__in=LENDING)
    subjects = {principal_of(one) for one in grants}
    groups = [one.id for one in subjects if one.kind == "group"]
    members = GroupMember.objects.of(actor).filter(group_id__in=groups)
    people = {Principal("person", one.person_id) for one in members}
    return sorted({one for one in subjects if one.kind != "group"} | people)


def _lost(
    had: Permissions, keeps: Permissions, old: dict[UUID, Credential], moved: Credential
) -> bool:
    return had.on(old[moved.pk]) >= Level.USER > keeps.on(moved)


def _end_leases(actor: Actor, subject: Principal, lost: list[Credential]) -> None:
    is_person = subject.kind == "person"
    for one in lost:
        ended = AccessRevoked(
            reason="folder moved",
            person_id=subject.id if is_person else None,
            service_account_id=None if is_person else subject.id,
            credential_id=one.pk,
        )
        announce_revoked(actor, ended)
