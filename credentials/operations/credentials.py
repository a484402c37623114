"""Creating a credential, changing everything about it but its value, and moving it."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now

from access.actions import Action
from access.actor import Actor
from access.levels import Level, Role
from audit.events import Event
from audit.recording import EntryDraft
from credentials.context import CredentialContext, operation
from credentials.disclosed_values import refuse_disclosed
from credentials.envelope import Secret
from credentials.models import Credential, State, Version, VersionState
from credentials.placement import hold_folder, require_folder, require_no_gain
from credentials.policies import apply_policy
from credentials.policy_changes import change_policy, require_policy_allowed
from credentials.serializers import credential_out, search_text
from credentials.shapes.credentials import (
    CreateCredential,
    CredentialOut,
    MoveCredential,
    SeenCredential,
    UpdateCredential,
)
from credentials.validators import check_description, check_metadata, check_tags
from credentials.versions import add_version, examine_secret, open_secret
from foundation.db.ids import parse_public_id
from foundation.errors import Conflict, Invalid, PreconditionFailed
from tenants.models import Membership


class NamesCredential(Protocol):
    """A shape that is about one credential."""

    @property
    def key(self) -> str: ...


def check_secret(request: CreateCredential) -> Secret:
    """The secret to store. Raises Invalid."""
    return open_secret(request.value, request.secret_fields)


@operation(Action.CREATE_CREDENTIAL, Event.CREDENTIAL_CREATED, check=check_secret)
def create_credential(context: CredentialContext, request: CreateCredential) -> CredentialOut:
    """Store a new credential in a folder, which is created when it is missing.

    Needs `manager` on the folder. Invalid names the field that breaks a rule; Conflict when the
    key is taken. Nothing is saved unless all of it is.
    """
    level = context.require_folder(request.folder_path)
    require_policy_allowed(context, request, level)
    credential, version = store_credential(context, context.entry, request)
    return credential_out(credential, version.number, level, context.membership.tenant)


def store_credential(
    context: CredentialContext, entry: EntryDraft, request: CreateCredential
) -> tuple[Credential, Version]:
    """The new credential with its first version, saved and named in `entry`."""
    actor, secret = context.actor, check_secret(request)
    _refuse_disclosed(actor, request.description, request.metadata)
    stored, extracted = examine_secret(request.type, secret, request.metadata)
    credential = Credential(
        tenant_id=actor.tenant_id,
        folder=require_folder(actor, request.folder_path),
        key=request.key,
        type=request.type,
        description=check_description(request.description),
        tags=check_tags(request.tags),
        metadata=check_metadata(request.metadata),
        owners=[actor.person_id] if actor.person_id else [],
        created_by_id=actor.person_id,
    )
    apply_policy(actor, context.membership.tenant, credential, request.policy)
    credential.search_text = search_text(credential)
    entry.set_fields(credential_key=credential.key)
    _save_new(actor, credential)
    version = add_version(actor, credential, stored, extracted)
    entry.set_fields(credential_id=credential.pk, version=version.number)
    entry.add_details(type=request.type, folder=request.folder_path)
    return credential, version


def _refuse_disclosed(
    actor: Actor, description: str | None, metadata: Mapping[str, str] | None
) -> None:
    texts = "\n".join((metadata or {}).values())
    refuse_disclosed(actor, description=description, metadata=texts)


def _save_new(actor: Actor, credential: Credential) -> None:
    _require_free(actor, credential.key, "key")
    try:
        credential.save(force_insert=True)
    except IntegrityError:  # Another transaction took the key at the same moment.
        raise _taken("key") from None


def _require_free(actor: Actor, key: str, field: str) -> None:
    if Credential.objects.of(actor).exclude(state=State.DELETED).filter(key=key).exists():
        raise _taken(field)


def _taken(field: str) -> Conflict:
    return Conflict("A credential with this key exists already.", field=field)


@operation(Action.UPDATE_CREDENTIAL, Event.CREDENTIAL_UPDATED)
def update_credential(context: CredentialContext, request: UpdateCredential) -> CredentialOut:
    """Change key, metadata, tags, description or policy; what is left out stays.

    Policy needs `admin`, unless it only discloses less; the rest needs `manager`. Leases and
    grants refer to the id, so a new key changes none of them.
    """
    credential, level = lock_credential(context, request)
    require_not_revoked(credential)
    if request.policy is not None:
        change_policy(context, credential, request.policy)
    if request.new_key is not None and request.new_key != credential.key:
        _require_free(context.actor, request.new_key, "newKey")
        credential.key = request.new_key
    _apply(context.actor, credential, request)
    context.entry.add_details(
        changed=sorted(request.model_fields_set - {"key", "revision"}), key=credential.key
    )
    try:
        save_changes(credential)
    except IntegrityError:  # Another transaction took the key at the same moment.
        raise _taken("newKey") from None
    return _credential_out(context, credential, level)


def lock_credential(
    context: CredentialContext, request: NamesCredential
) -> tuple[Credential, Level]:
    """The credential to change, its row locked, and the actor's level on it.

    Refused when the request names a revision that is no longer the newest.
    """
    credential = context.find(request.key, lock=True)
    level = context.require(credential)
    seen = request.revision if isinstance(request, SeenCredential) else None
    if seen is not None and seen != credential.revision:
        raise PreconditionFailed(
            "Somebody changed this credential since you read it; read it again.",
            revision=credential.revision,
        )
    return credential, level


def require_not_revoked(credential: Credential) -> None:
    """Refuse to change a credential that was revoked."""
    if credential.state == State.REVOKED:
        raise Conflict("This credential was revoked; that is final.")


def _apply(actor: Actor, credential: Credential, request: UpdateCredential) -> None:
    _refuse_disclosed(actor, request.description, request.metadata)
    if request.owners is not None:
        credential.owners = _member_ids(actor, request.owners)
    if request.metadata is not None:
        credential.metadata = check_metadata(request.metadata)
    if request.tags is not None:
        credential.tags = check_tags(request.tags)
    if request.description is not None:
        credential.description = check_description(request.description)


def _member_ids(actor: Actor, owners: list[str]) -> list[UUID]:
    ids = [parse_public_id("person", owner) for owner in dict.fromkeys(owners)]
    members = Membership.objects.filter(tenant_id=actor.tenant_id, person_id__in=ids)
    if members.exclude(role=Role.AUDITOR).count() != len(ids):
        raise Invalid("owners: one of them is an auditor or no member of this tenant.", "owners")
    return ids


def save_changes(credential: Credential) -> None:
    """Save a changed credential as its next revision."""
    credential.search_text = search_text(credential)
    credential.updated_at = Now()
    credential.revision += 1
    credential.save()
    credential.refresh_from_db(fields=["updated_at"])


def _credential_out(
    context: CredentialContext, credential: Credential, level: Level
) -> CredentialOut:
    current = credential.versions.filter(state=VersionState.CURRENT).first()
    number = current.number if current else None
    return credential_out(credential, number, level, context.membership.tenant)


@operation(Action.MOVE_CREDENTIAL, Event.CREDENTIAL_MOVED)
def move_credential(context: CredentialContext, request: MoveCredential) -> CredentialOut:
    """Put a credential into another folder; `manager` is needed here and there.

    Permissions inherited from the old folder end; reads of live leases check them again. The new
    folder's grants apply, so they must give nobody more than the mover has.
    """
    context.share_membership()
    credential, _ = lock_credential(context, request)
    require_not_revoked(credential)
    target = request.folder_path
    context.reread_permissions()
    context.require_folder(target)
    folder = hold_folder(context.actor, target)
    # Again, because folders may have moved while the lock was waited for.
    context.reread_permissions()
    context.require_folder(target)
    require_no_gain(context, credential, target)
    context.entry.add_details(source=credential.folder.path, target=target)
    credential.folder = folder
    save_changes(credential)
    level = context.reread_permissions().on(credential)
    return _credential_out(context, credential, level)
