"""Changing what a credential is called, says and allows, and ending it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from audit.recording import EntryDraft, audited
from credentials.envelope import shred
from credentials.models import (
    AccessRequest,
    Credential,
    RequestState,
    Rotation,
    RotationState,
    State,
    Version,
    VersionState,
)
from credentials.operations.creation import require_creator
from credentials.permissions import (
    find_credential,
    read_permissions,
    require_level,
    require_permission,
)
from credentials.placement import hold_folder, require_no_gain
from credentials.policies import apply_policy
from credentials.serializers import credential_out, search_text
from credentials.shapes.credentials import (
    CredentialOut,
    DescribeCredential,
    MoveCredential,
    SeenCredential,
    UpdateCredential,
)
from credentials.validators import check_description, check_metadata, check_tags
from foundation.db.clock import database_now
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict, Invalid, PreconditionFailed
from tenants.memberships import ActiveMembership, active_membership
from tenants.models import Membership, Tenant


class NamesCredential(Protocol):
    """A shape that is about one credential."""

    @property
    def key(self) -> str: ...


@contextmanager
def change_credential(
    actor: Actor, request: NamesCredential, action: Action, event: Event, *, keep: bool = False
) -> Iterator[tuple[EntryDraft, Credential, Level, ActiveMembership]]:
    """The audited transaction of a change to one credential, whose row is locked.

    A request that says which revision it has seen is refused when that is no longer the newest.
    With `keep` the actor's membership stays as it is until the end.
    """
    with audited(actor, action, event) as entry:
        stands = active_membership(actor, keep=keep)
        credential = find_credential(actor, request.key, entry, lock=True)
        held = require_permission(actor, stands, credential, action)
        if isinstance(request, SeenCredential):
            _require_unchanged(credential, request.revision)
        yield entry, credential, held, stands


def update_credential(actor: Actor, request: UpdateCredential) -> CredentialOut:
    """Change key, metadata, tags, description or policy; what is left out stays.

    Policy needs `admin`, the rest `manager`. Leases and grants hang on the id, so a new key
    changes none of them.
    """
    with change_credential(actor, request, Action.UPDATE_CREDENTIAL, Event.CREDENTIAL_UPDATED) as (
        entry,
        credential,
        held,
        stands,
    ):
        _require_not_over(credential)
        if request.policy is not None:
            require_level(Action.GIVE_GRANT, held, request.key)
            apply_policy(actor, stands.tenant, credential, request.policy)
        if request.new_key is not None and request.new_key != credential.key:
            _rename(actor, credential, request.new_key)
        _take_over(actor, credential, request)
        entry.add_details(
            changed=sorted(request.model_fields_set - {"key", "revision"}), key=credential.key
        )
        try:
            _save(credential)
        except IntegrityError:  # somebody took the key at the same moment
            raise _taken() from None
        return present(credential, held, stands.tenant)


def _require_unchanged(credential: Credential, seen: int | None) -> None:
    if seen is not None and seen != credential.revision:
        raise PreconditionFailed(
            "Somebody changed this credential since you read it; read it again.",
            revision=credential.revision,
        )


def _take_over(actor: Actor, credential: Credential, request: UpdateCredential) -> None:
    if request.owners is not None:
        credential.owners = _owners(actor, request.owners)
    if request.metadata is not None:
        credential.metadata = check_metadata(request.metadata)
    if request.tags is not None:
        credential.tags = check_tags(request.tags)
    if request.description is not None:
        credential.description = check_description(request.description)


def _owners(actor: Actor, given: list[str]) -> list[UUID]:
    ids = [parse_public_id("person", one) for one in dict.fromkeys(given)]
    members = Membership.objects.filter(tenant_id=actor.tenant_id, person_id__in=ids)
    if members.count() != len(ids):
        raise Invalid("owners: one of them is no member of this tenant.", "owners")
    return ids


def _rename(actor: Actor, credential: Credential, key: str) -> None:
    if Credential.objects.of(actor).exclude(state=State.DELETED).filter(key=key).exists():
        raise _taken()
    credential.key = key


def _taken() -> Conflict:
    return Conflict("A credential with this key exists already.", field="newKey")


def move_credential(actor: Actor, request: MoveCredential) -> CredentialOut:
    """Put a credential into another folder; `manager` is needed here and there.

    Rights inherited from the old folder end with it: reads of living leases check them anew. The
    new folder's rights come with it, so it must give nobody more than the mover holds.
    """
    with change_credential(
        actor, request, Action.MOVE_CREDENTIAL, Event.CREDENTIAL_MOVED, keep=True
    ) as (
        entry,
        credential,
        _,
        stands,
    ):
        _require_not_over(credential)
        target = request.folder_path
        require_creator(read_permissions(actor, stands).on_folder(target), target)
        folder = hold_folder(actor, target)
        # Again, because folders may have moved while it was waited for.
        require_creator(read_permissions(actor, stands).on_folder(target), target)
        require_no_gain(actor, stands, credential, target)
        entry.add_details(source=credential.folder.path, target=target)
        credential.folder = folder
        _save(credential)
        return present(credential, read_permissions(actor, stands).on(credential), stands.tenant)


def archive_credential(actor: Actor, request: DescribeCredential) -> None:
    """Take a credential out of use; reversible, but its live leases end. Idempotent."""
    with change_credential(
        actor, request, Action.ARCHIVE_CREDENTIAL, Event.CREDENTIAL_ARCHIVED
    ) as (
        _,
        credential,
        _,
        _,
    ):
        _require_not_over(credential)
        _end(actor, credential, State.ARCHIVED)


def restore_credential(actor: Actor, request: DescribeCredential) -> None:
    """Bring an archived credential back into use; ended leases stay ended."""
    with change_credential(
        actor, request, Action.RESTORE_CREDENTIAL, Event.CREDENTIAL_RESTORED
    ) as (
        _,
        credential,
        _,
        _,
    ):
        _require_not_over(credential)
        credential.state = State.ACTIVE
        _save(credential)


def revoke_credential(actor: Actor, request: DescribeCredential) -> None:
    """End a credential for good: no leases any more, its history stays."""
    with change_credential(actor, request, Action.REVOKE_CREDENTIAL, Event.CREDENTIAL_REVOKED) as (
        _,
        credential,
        _,
        _,
    ):
        _end(actor, credential, State.REVOKED)


def delete_credential(actor: Actor, request: DescribeCredential) -> None:
    """Destroy every value of a credential; a tombstone stays and its key becomes free."""
    with change_credential(actor, request, Action.DELETE_CREDENTIAL, Event.CREDENTIAL_DELETED) as (
        _,
        credential,
        _,
        _,
    ):
        _forget(credential)
        _end(actor, credential, State.DELETED)
        Rotation.objects.filter(credential=credential, state=RotationState.OPEN).update(
            state=RotationState.CLOSED, closed_at=database_now()
        )
        for version in Version.objects.filter(credential=credential).locked():
            version.extracted = {}
            version.save(update_fields=["extracted"])
            destroy(version)
        credential.grants.all().delete()
        AccessRequest.objects.filter(credential=credential, state=RequestState.PENDING).update(
            state=RequestState.WITHDRAWN, decided_at=database_now()
        )


def _forget(credential: Credential) -> None:
    """What people wrote about it: the tombstone keeps key, type and folder only."""
    credential.description = ""
    credential.tags = []
    credential.metadata = {}
    credential.owners = []
    credential.agents = None


def destroy(version: Version) -> None:
    """Shred a version's data key; the row stays as a number in the history."""
    if version.state == VersionState.DESTROYED:
        return
    shred(version)
    version.state = VersionState.DESTROYED
    version.destroyed_at = database_now()
    version.save(update_fields=["state", "sealed", "wrapped_key", "destroyed_at"])


def present(credential: Credential, held: Level, tenant: Tenant) -> CredentialOut:
    """The credential with its current version's number."""
    current = credential.versions.filter(state=VersionState.CURRENT).first()
    return credential_out(credential, current.number if current else None, held, tenant)


def _require_not_over(credential: Credential) -> None:
    if credential.state == State.REVOKED:
        raise Conflict("This credential was revoked; that is final.")


def _end(actor: Actor, credential: Credential, state: State) -> None:
    credential.state = state
    _save(credential)
    announce_revoked(
        actor, AccessRevoked(reason=f"credential {state}", credential_id=credential.pk)
    )


def _save(credential: Credential) -> None:
    credential.search_text = search_text(credential)
    credential.updated_at = Now()
    credential.revision += 1
    credential.save()
    credential.refresh_from_db(fields=["updated_at"])
