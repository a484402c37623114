"""Taking a credential out of use: archived and restored, revoked, or deleted with its values."""

from access.actions import Action
from access.actor import Actor
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from credentials.context import CredentialContext, operation
from credentials.models import (
    AccessRequest,
    Credential,
    RequestState,
    Rotation,
    RotationState,
    State,
    Version,
)
from credentials.operations.credentials import (
    lock_credential,
    require_not_revoked,
    save_changes,
)
from credentials.shapes.credentials import NamedCredential
from credentials.versions import destroy
from foundation.db.clock import database_now


@operation(Action.ARCHIVE_CREDENTIAL, Event.CREDENTIAL_ARCHIVED)
def archive_credential(context: CredentialContext, request: NamedCredential) -> None:
    """Take a credential out of use; reversible, but its live leases end. Idempotent."""
    credential, _ = lock_credential(context, request)
    require_not_revoked(credential)
    _end(context.actor, credential, State.ARCHIVED)


@operation(Action.RESTORE_CREDENTIAL, Event.CREDENTIAL_RESTORED)
def restore_credential(context: CredentialContext, request: NamedCredential) -> None:
    """Bring an archived credential back into use; ended leases stay ended."""
    credential, _ = lock_credential(context, request)
    require_not_revoked(credential)
    credential.state = State.ACTIVE
    save_changes(credential)


@operation(Action.REVOKE_CREDENTIAL, Event.CREDENTIAL_REVOKED)
def revoke_credential(context: CredentialContext, request: NamedCredential) -> None:
    """End a credential for good: it can no longer be leased; its history stays."""
    credential, _ = lock_credential(context, request)
    _end(context.actor, credential, State.REVOKED)


@operation(Action.DELETE_CREDENTIAL, Event.CREDENTIAL_DELETED)
def delete_credential(context: CredentialContext, request: NamedCredential) -> None:
    """Destroy every value of a credential; a tombstone stays and its key becomes free."""
    credential, _ = lock_credential(context, request)
    _erase_texts(credential)
    _end(context.actor, credential, State.DELETED)
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


def _erase_texts(credential: Credential) -> None:
    """Erase what people wrote about it: the tombstone keeps key, type and folder only."""
    credential.description = ""
    credential.tags = []
    credential.metadata = {}
    credential.owners = []
    credential.agents = None


def _end(actor: Actor, credential: Credential, state: State) -> None:
    credential.state = state
    save_changes(credential)
    announce_revoked(
        actor, AccessRevoked(reason=f"credential {state}", credential_id=credential.pk)
    )
