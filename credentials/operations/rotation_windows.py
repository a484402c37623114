"""The window of a rotation: changing its end, rolling back, and closing it when time is over."""

from datetime import timedelta
from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from audit.recording import EntryDraft, audited, record
from credentials.envelope import unseal
from credentials.models import Credential, Rotation, RotationState, Version, VersionState
from credentials.operations.credentials import change_credential, destroy
from credentials.serializers import rotation_out
from credentials.shapes.credentials import ChangeWindow, DescribeCredential, RotationOut
from credentials.versions import add_version
from foundation.db.clock import database_now, is_past
from foundation.db.ids import public_id
from foundation.errors import Conflict, Denied, Invalid, WindowOpen


def change_window(actor: Actor, request: ChangeWindow) -> RotationOut:
    """Let the open window end `window` seconds from now; 0 closes it at once (R8).

    Shortening needs `manager`, lengthening `admin`; never past the tenant's maximum.
    """
    with change_credential(
        actor, request, Action.CHANGE_WINDOW, Event.CREDENTIAL_ROTATION_CHANGED
    ) as (
        entry,
        credential,
        held,
        stands,
    ):
        rotation = _require_open(credential)
        ends = database_now() + timedelta(seconds=request.window)
        if ends > rotation.closes_at and held < Level.ADMIN:
            raise Denied("The level admin is needed to lengthen a window.")
        if ends > rotation.opened_at + timedelta(seconds=stands.tenant.max_window):
            raise Invalid(f"window: at most the tenant's {stands.tenant.max_window} s.", "window")
        rotation.closes_at = ends
        rotation.save(update_fields=["closes_at"])
        if not request.window:
            entry.event = Event.CREDENTIAL_ROTATION_CLOSED
            close_window(actor, rotation)
        describe_rotation(entry, rotation)
        return rotation_out(rotation)


def roll_back_rotation(actor: Actor, request: DescribeCredential) -> RotationOut:
    """While the window is open: the old value becomes current again, as a new version (R7)."""
    with change_credential(
        actor, request, Action.ROLL_BACK_ROTATION, Event.CREDENTIAL_ROTATION_ROLLED_BACK
    ) as (entry, credential, _, _):
        rotation = _require_open(credential)
        old = Version.objects.select_related("tenant_key").get(pk=rotation.previous_id)
        secret = unseal(old)
        failed = rotation.current
        failed.state = VersionState.RETIRED
        failed.save(update_fields=["state"])
        add_version(actor, credential, secret, old.extracted)
        rotation.state = RotationState.ROLLED_BACK
        rotation.closed_at = database_now()
        rotation.save(update_fields=["state", "closed_at"])
        _end_version(actor, failed, "rotation rolled back")
        _end_version(actor, old, "rotation rolled back")
        describe_rotation(entry, rotation)
        return rotation_out(rotation)


def close_due_rotation(actor: Actor, rotation_id: UUID) -> bool:
    """Close one window whose time is over: retire the old version, destroy its data key.

    False when there is nothing to do: not due by database time, closed already, or taken by
    another worker at this moment.
    """
    found = False
    with audited(actor, Action.CLOSE_DUE_ROTATION, Event.CREDENTIAL_ROTATION_CLOSED) as entry:
        rotation = (
            Rotation.objects.of(actor)
            .select_for_update(of=("self",), skip_locked=True)
            .filter(pk=rotation_id, state=RotationState.OPEN)
            .select_related("credential", "previous", "current")
            .first()
        )
        found = rotation is not None and is_past(rotation.closes_at, database_now())
        if rotation is None or not found:
            entry.discard()
        else:
            describe_rotation(entry, rotation)
            close_window(actor, rotation, by_time=True)
    return found


def require_no_window(actor: Actor, credential: Credential) -> None:
    """Refuse while a window is open; one whose time is over is closed on the way."""
    open_one = _open_rotation(credential)
    if open_one is None:
        return
    if not is_past(open_one.closes_at, database_now()):
        raise WindowOpen(
            "A rotation window is open; close it or wait for its end.",
            rotationId=public_id("rot", open_one.pk),
            closesAt=open_one.closes_at.isoformat(),
        )
    close_window(actor, open_one, by_time=True)
    closing = EntryDraft(Event.CREDENTIAL_ROTATION_CLOSED)
    describe_rotation(closing, open_one)
    record(actor, closing)


def _open_rotation(credential: Credential) -> Rotation | None:
    return (
        Rotation.objects.filter(credential=credential, state=RotationState.OPEN)
        .locked()
        .select_related("credential", "previous", "current")
        .first()
    )


def _require_open(credential: Credential) -> Rotation:
    rotation = _open_rotation(credential)
    if rotation is None or is_past(rotation.closes_at, database_now()):
        raise Conflict("No rotation window is open on this credential.")
    return rotation


def close_window(actor: Actor, rotation: Rotation, *, by_time: bool = False) -> None:
    """Leases on the old version end, the version retires and its data key is destroyed."""
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
