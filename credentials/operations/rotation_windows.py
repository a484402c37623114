"""The window of a rotation: changing its end, rolling back, and closing it when it is over."""

from datetime import timedelta
from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.context import CredentialContext, operation
from credentials.envelope import unseal
from credentials.models import Credential, Rotation, RotationState, Version, VersionState
from credentials.operations.credentials import lock_credential
from credentials.serializers import rotation_out
from credentials.shapes.credentials import NamedCredential
from credentials.shapes.rotations import ChangeWindow, RotationOut
from credentials.versions import add_version, destroy
from foundation.db.clock import database_now, is_past
from foundation.db.ids import public_id
from foundation.errors import Conflict, Denied, Invalid, WindowOpen


@operation(Action.CHANGE_WINDOW, Event.CREDENTIAL_ROTATION_CHANGED)
def change_window(context: CredentialContext, request: ChangeWindow) -> RotationOut:
    """Let the open window end `window` seconds from now; 0 closes it at once (R8).

    Shortening needs `manager`, lengthening `admin`; never past the tenant's maximum.
    """
    credential, level = lock_credential(context, request)
    rotation = _lock_open(credential)
    longest = context.membership.tenant.max_window
    ends = database_now() + timedelta(seconds=request.window)
    if ends > rotation.closes_at and level < Level.ADMIN:
        raise Denied("The level admin is needed to lengthen a window.")
    if ends > rotation.opened_at + timedelta(seconds=longest):
        raise Invalid(f"window: at most the tenant's {longest} s.", "window")
    rotation.closes_at = ends
    rotation.save(update_fields=["closes_at"])
    if not request.window:
        context.entry.event = Event.CREDENTIAL_ROTATION_CLOSED
        close_window(context.actor, rotation)
    describe_rotation(context.entry, rotation)
    return rotation_out(rotation)


@operation(Action.ROLL_BACK_ROTATION, Event.CREDENTIAL_ROTATION_ROLLED_BACK)
def roll_back_rotation(context: CredentialContext, request: NamedCredential) -> RotationOut:
    """Make the old value current again, as a new version, while the window is open (R7)."""
    credential, _ = lock_credential(context, request)
    rotation = _lock_open(credential)
    old = Version.objects.select_related("tenant_key").get(pk=rotation.previous_id)
    secret = unseal(old)
    failed = rotation.current
    failed.state = VersionState.RETIRED
    failed.save(update_fields=["state"])
    add_version(context.actor, credential, secret, old.extracted)
    rotation.state = RotationState.ROLLED_BACK
    rotation.closed_at = database_now()
    rotation.save(update_fields=["state", "closed_at"])
    for version in (failed, old):
        _end_version(context.actor, version, "rotation rolled back")
    describe_rotation(context.entry, rotation)
    return rotation_out(rotation)


@operation(Action.CLOSE_DUE_ROTATION, Event.CREDENTIAL_ROTATION_CLOSED)
def close_due_rotation(context: CredentialContext, rotation_id: UUID) -> bool:
    """Close one window that is over: retire the old version, destroy its data key.

    False when there is nothing to do: not due by database time, closed already, or taken by
    another worker at this moment.
    """
    rotation = (
        Rotation.objects.of(context.actor)
        .select_for_update(of=("self",), skip_locked=True)
        .filter(pk=rotation_id, state=RotationState.OPEN)
        .with_versions()
        .first()
    )
    if rotation is None or not is_past(rotation.closes_at, database_now()):
        context.entry.discard()
        return False
    describe_rotation(context.entry, rotation)
    close_window(context.actor, rotation, by_time=True)
    return True


def require_no_window(actor: Actor, credential: Credential) -> None:
    """Refuse while a window is open; close one that is over but not closed yet."""
    rotation = _lock_unclosed(credential)
    if rotation is None:
        return
    if not is_past(rotation.closes_at, database_now()):
        raise WindowOpen(
            "A rotation window is open; close it or wait for its end.",
            rotationId=public_id("rot", rotation.pk),
            closesAt=rotation.closes_at.isoformat(),
        )
    close_window(actor, rotation, by_time=True)
    entry = EntryDraft(Event.CREDENTIAL_ROTATION_CLOSED)
    describe_rotation(entry, rotation)
    record(actor, entry)


def _lock_unclosed(credential: Credential) -> Rotation | None:
    rows = Rotation.objects.filter(credential=credential, state=RotationState.OPEN)
    return rows.locked().with_versions().first()


def _lock_open(credential: Credential) -> Rotation:
    rotation = _lock_unclosed(credential)
    if rotation is None or is_past(rotation.closes_at, database_now()):
        raise Conflict("No rotation window is open on this credential.")
    return rotation


def close_window(actor: Actor, rotation: Rotation, *, by_time: bool = False) -> None:
    """End the leases on the old version, retire it and destroy its data key."""
    old = rotation.previous_id
    announce_revoked(
        actor, AccessRevoked(reason="rotation window closed", version_id=old, by_time=by_time)
    )
    rotation.state = RotationState.CLOSED
    rotation.closed_at = database_now()
    rotation.save(update_fields=["state", "closed_at"])
    destroy(rotation.previous)


def _end_version(actor: Actor, version: Version, reason: str) -> None:
    announce_revoked(actor, AccessRevoked(reason=reason, version_id=version.pk))
    destroy(version)


def describe_rotation(entry: EntryDraft, rotation: Rotation) -> None:
    """Name the credential, the rotation and its two versions in the entry."""
    entry.set_fields(
        credential_id=rotation.credential_id,
        credential_key=rotation.credential.key,
        version=rotation.current.number,
    )
    entry.add_details(
        rotation=public_id("rot", rotation.pk),
        previous=rotation.previous.number,
        closes_at=rotation.closes_at.isoformat(),
        reason=rotation.reason,
    )
