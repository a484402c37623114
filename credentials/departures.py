"""Removing the grants of those who leave; re-joining a tenant restores nothing (L6)."""

from typing import Any

from django.db.models.functions import Now

from access.actor import Actor
from access.revocation import AccessRevoked, GroupMembersRemoved, announce_revoked
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.models import AccessRequest, Credential, CredentialRequest, Grant, RequestState
from foundation.db.ids import public_id


def revoke_grants(actor: Actor, ended: AccessRevoked, **_: Any) -> None:
    """Receiver of `access_revoked`: remove every grant of those who leave the tenant.

    Their requests are withdrawn, and what they owned goes to their heir.
    """
    if not ended.leaves:
        return
    if ended.person_id is not None:
        _remove(actor, Grant.objects.of(actor).filter(person_id=ended.person_id), ended.reason)
        _replace_owner(actor, ended)
        for model in (AccessRequest, CredentialRequest):
            requests = model.objects.of(actor).filter(person_id=ended.person_id)
            requests.filter(state=RequestState.PENDING).update(state=RequestState.WITHDRAWN)
    elif ended.service_account_id is not None:
        rows = Grant.objects.of(actor).filter(service_account_id=ended.service_account_id)
        _remove(actor, rows, ended.reason)


def revoke_group_access(actor: Actor, left: GroupMembersRemoved, **_: Any) -> None:
    """Receiver of `group_members_removed`: end what the group's grants gave those who left."""
    grants = Grant.objects.of(actor).filter(group_id=left.group_id).select_related("folder")
    for grant in grants:
        for person_id in sorted(left.person_ids):
            ended = AccessRevoked(
                reason=left.reason,
                person_id=person_id,
                credential_id=grant.credential_id,
                folder_path=grant.folder.path if grant.folder else None,
            )
            announce_revoked(actor, ended)
    if left.removed:
        _remove(actor, grants, left.reason)


def _remove(actor: Actor, grants: TenantQuerySet[Grant], reason: str) -> None:
    for grant in grants.select_related("credential").order_by("pk"):
        entry = EntryDraft(Event.GRANT_REMOVED)
        entry.set_fields(
            credential_id=grant.credential_id,
            credential_key=grant.credential.key if grant.credential else "",
        )
        entry.add_details(grant=public_id("grant", grant.pk), reason=reason)
        record(actor, entry)
        grant.delete()


def _replace_owner(actor: Actor, ended: AccessRevoked) -> None:
    """Replace the leaver by the heir as an owner; without an heir there is one owner less."""
    owned = Credential.objects.of(actor).filter(owners__contains=[ended.person_id])
    for credential in owned.locked().order_by("pk"):
        owners = [
            ended.heir_id if owner == ended.person_id else owner for owner in credential.owners
        ]
        credential.owners = list(dict.fromkeys(owner for owner in owners if owner is not None))
        credential.revision += 1
        credential.updated_at = Now()
        credential.save(update_fields=["owners", "revision", "updated_at"])
        entry = EntryDraft(Event.CREDENTIAL_UPDATED)
        entry.set_fields(credential_id=credential.pk, credential_key=credential.key)
        entry.add_details(changed=["owners"], reason=ended.reason)
        record(actor, entry)
