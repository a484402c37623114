"""Moving a folder with everything in it: paths change, and so do the grants that apply there."""

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
from credentials.access_paths import AccessPaths, read_access_paths
from credentials.context import CredentialContext, operation
from credentials.models import Credential, Folder, Grant, State
from credentials.operations.folders import folder_out
from credentials.permissions import ancestors, below, in_force
from credentials.placement import hold_folder, require_no_gain
from credentials.principals import Principal, principal_of
from credentials.serializers import search_text
from credentials.shapes.folders import FolderOut, MoveFolder
from credentials.validators import check_folder_path
from foundation.db.ids import NO_ID
from foundation.errors import Conflict, FolderNotFound, Invalid
from tenants.models import GroupMember

BATCH = 500  # Rows per statement, because each has its own new text in it.
LENDING_LEVELS = [level.word for level in Level if level >= Level.USER]


@operation(Action.MOVE_FOLDER, Event.FOLDER_MOVED)
def move_folder(context: CredentialContext, request: MoveFolder) -> FolderOut:
    """Rename a folder, or put it elsewhere, with everything in it and below it.

    `manager` is needed on it and where it goes. Grants on it and below it move along. What the
    folders above it gave ends, and with it the leases of those who may no longer read.
    """
    actor, old, new = context.actor, request.folder_path, request.new_folder_path
    context.share_membership()
    if context.permissions.on_folder(old) < Level.VIEWER:
        raise FolderNotFound()
    if not _folders(actor, Q(path=old)).exists():
        raise FolderNotFound()
    context.entry.add_details(source=old, target=new)
    _require_both(context, old, new)
    _check_target(old, new)
    credentials, folders = _lock(actor, old, new)
    # Again, because folders may have moved while the locks were waited for.
    context.reread_permissions()
    _require_both(context, old, new)
    require_no_gain(context, folders[0], _parent(new))
    losers = _possible_losers(actor, old, new)
    before = read_access_paths(actor, losers)
    _rename(actor, folders, old, new)
    _require_unchanged(actor, folders, credentials, old)
    moved = _update_credentials(actor, credentials)
    context.entry.add_details(folders=len(folders), credentials=len(moved))
    _end_lost_leases(actor, losers, before, credentials, moved)
    directly_in_it = sum(credential.folder_id == folders[0].pk for credential in moved)
    return folder_out(context.reread_permissions(), folders[0], directly_in_it)


def _require_both(context: CredentialContext, old: str, new: str) -> None:
    for path in (old, new):
        context.require_folder(path)


def _check_target(old: str, new: str) -> None:
    if not old:
        raise Conflict("The root folder stays.")
    if not new or new == old:
        raise _taken()
    if old in ancestors(new):
        raise Conflict("A folder cannot be put into itself.", field="newFolderPath")


def _folders(actor: Actor, condition: Q) -> TenantQuerySet[Folder]:
    return Folder.objects.of(actor).filter(condition)


def _parent(path: str) -> str:
    return ancestors(path)[-2]


def _lock(actor: Actor, old: str, new: str) -> tuple[dict[UUID, Credential], list[Folder]]:
    """Lock what moves and the place that it moves to.

    Credentials come first and in one order, because a transaction that has locked one may be
    waiting for a folder.
    """
    rows = Credential.objects.of(actor).filter(below("folder__path", old))
    rows = rows.exclude(state=State.DELETED)
    locked = list(rows.locked().order_by("pk").values_list("pk", flat=True))
    folders = _lock_folders(actor, old, new)
    hold_folder(actor, _parent(new))
    # Read after all locks, because nested folders may have moved while the locks were waited for.
    found = Credential.objects.of(actor).filter(pk__in=locked).select_related("folder")
    return {credential.pk: credential for credential in found}, folders


def _lock_folders(actor: Actor, old: str, new: str) -> list[Folder]:
    """The folders that move, locked by their paths together with those above the target."""
    touched = below("path", old) | Q(path__in=[*ancestors(new)[:-1]])
    rows = _folders(actor, touched).select_for_update(of=("self",), no_key=True)
    found = [folder for folder in rows.order_by("path") if old in ancestors(folder.path)]
    if not found or found[0].path != old:
        raise FolderNotFound()
    for folder in found:
        try:
            check_folder_path(new + folder.path.removeprefix(old), "newFolderPath")
        except Invalid:
            raise Invalid(
                "newFolderPath: folders below it would be nested too deeply there.",
                "newFolderPath",
            ) from None
    return found


def _rename(actor: Actor, folders: list[Folder], old: str, new: str) -> None:
    if _folders(actor, below("path", new)).exists():
        raise _taken()
    for folder in folders:
        folder.path = new + folder.path.removeprefix(old)
    try:
        Folder.objects.of(actor).bulk_update(folders, ["path"], batch_size=BATCH)
    except IntegrityError:  # Another transaction created it at the same moment.
        raise _taken() from None


def _taken() -> Conflict:
    return Conflict("This folder exists already.", field="newFolderPath")


def _require_unchanged(
    actor: Actor, folders: list[Folder], credentials: dict[UUID, Credential], old: str
) -> None:
    """Refuse when something was put there while the locks were taken: it would not be moved."""
    inside = Credential.objects.of(actor).filter(folder__in=folders).exclude(state=State.DELETED)
    present = set(inside.values_list("pk", flat=True))
    if present != set(credentials) or _folders(actor, below("path", old)).exists():
        raise Conflict("Something was put into this folder at this moment; try again.")


def _update_credentials(actor: Actor, credentials: dict[UUID, Credential]) -> list[Credential]:
    """Update what depends on a credential's folder: its search text and its revision."""
    rows = Credential.objects.of(actor).filter(pk__in=credentials).select_related("folder")
    moved = list(rows)
    for credential in moved:
        credential.search_text = search_text(credential)
    Credential.objects.of(actor).bulk_update(moved, ["search_text"], batch_size=BATCH)
    rows.update(revision=F("revision") + 1, updated_at=Now())
    return moved


def _possible_losers(actor: Actor, old: str, new: str) -> list[Principal]:
    """People and service accounts with a grant on a folder that will no longer be above."""
    lost = set(ancestors(old)[:-1]) - set(ancestors(new))
    grants = Grant.objects.of(actor).filter(
        in_force(), folder__path__in=lost, level__in=LENDING_LEVELS
    )
    subjects = {principal_of(grant) for grant in grants}
    groups = [subject.id for subject in subjects if subject.kind == "group"]
    members = GroupMember.objects.of(actor).filter(group_id__in=groups)
    people = {Principal("person", member.person_id) for member in members}
    return sorted({subject for subject in subjects if subject.kind != "group"} | people)


def _end_lost_leases(
    actor: Actor,
    losers: list[Principal],
    before: AccessPaths,
    old: dict[UUID, Credential],
    moved: list[Credential],
) -> None:
    """End the leases of those who could use a credential before and can no longer.

    What is left through some agents only keeps no lease, because it may be another agent's.
    """
    after = read_access_paths(actor, losers).through(NO_ID)
    for loser in losers:
        had, keeps = before.permissions(loser), after.permissions(loser)
        for credential in moved:
            if had.on(old[credential.pk]) >= Level.USER > keeps.on(credential):
                _end_leases(actor, loser, credential)


def _end_leases(actor: Actor, subject: Principal, credential: Credential) -> None:
    is_person = subject.kind == "person"
    ended = AccessRevoked(
        reason="folder moved",
        person_id=subject.id if is_person else None,
        service_account_id=None if is_person else subject.id,
        credential_id=credential.pk,
    )
    announce_revoked(actor, ended)
