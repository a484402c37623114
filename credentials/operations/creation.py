"""Storing a credential: checked by type, sealed, and filed."""

from django.db import IntegrityError

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from audit.events import Event
from audit.recording import EntryDraft, audited
from credentials.envelope import Secret
from credentials.folders import require_folder
from credentials.models import Credential, State, Version
from credentials.permission_errors import insufficient_level
from credentials.permissions import read_permissions
from credentials.policies import apply_policy
from credentials.serializers import credential_out, search_text
from credentials.shapes.credentials import CreateCredential, CredentialOut
from credentials.validators import check_description, check_metadata, check_tags
from credentials.versions import add_version, examine_secret, open_secret
from foundation.errors import Conflict
from tenants.memberships import ActiveMembership, active_membership


def create_credential(actor: Actor, request: CreateCredential) -> CredentialOut:
    """Store a new credential in a folder, which is made when it is missing.

    Needs `manager` on the folder. Invalid names the field that breaks a rule; Conflict when the
    key is taken. Nothing is saved unless all of it is.
    """
    secret = open_secret(request.value, request.secret_fields)
    with audited(actor, Action.CREATE_CREDENTIAL, Event.CREDENTIAL_CREATED) as entry:
        stands = active_membership(actor)
        level = read_permissions(actor, stands).on_folder(request.folder_path)
        require_creator(level, request.folder_path)
        credential, version = store_credential(actor, stands, entry, request, secret)
        return credential_out(credential, version.number, level, stands.tenant)


def store_credential(
    actor: Actor,
    stands: ActiveMembership,
    entry: EntryDraft,
    request: CreateCredential,
    secret: Secret,
) -> tuple[Credential, Version]:
    """The new credential with its first version, saved; `entry` names it."""
    extracted = examine_secret(request.type, secret, request.metadata)
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
    apply_policy(actor, stands.tenant, credential, request.policy)
    credential.search_text = search_text(credential)
    entry.set_fields(credential_key=credential.key)
    _save_new(actor, credential)
    version = add_version(actor, credential, secret, extracted)
    entry.set_fields(credential_id=credential.pk, version=version.number)
    entry.add_details(type=request.type, folder=request.folder_path)
    return credential, version


def require_creator(level: Level, path: str) -> None:
    """Refuse to store in a folder without `manager` on it."""
    if level < Level.MANAGER:
        raise insufficient_level(Level.MANAGER, level, folder=path)


def _save_new(actor: Actor, credential: Credential) -> None:
    taken = Credential.objects.of(actor).exclude(state=State.DELETED).filter(key=credential.key)
    if taken.exists():
        raise Conflict("A credential with this key exists already.", field="key")
    try:
        credential.save(force_insert=True)
    except IntegrityError:
        raise Conflict("A credential with this key exists already.", field="key") from None
