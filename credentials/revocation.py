"""What ends takes its grants with it: re-joining a tenant revives nothing (rule L6)."""

from typing import Any

from django.db.models.functions import Now

from access.actor import Actor
from access.revocation import AccessRevoked, GroupMembersRemoved, announce_revoked
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.models import AccessRequest, Credential, Grant, RequestState
from foundation.db.ids import public_id


def revoke_grants(actor: Actor, ended: AccessRevoked, **_: Any) -> None:
    """Receiver of `access_revoked`: who leaves the tenant loses every grant in it, and their
    requests for more go with them.
    """
    if not ended.leaves:
        return
    if ended.person_id is not None:
        _drop(actor, Grant.objects.of(actor).filter(person_id=ended.person_id), ended.reason)
        _hand_over(actor, ended)
        wishes = AccessRequest.objects.of(actor).filter(person_id=ended.person_id)
        wishes.filter(state=RequestState.PENDING).update(state=RequestState.WITHDRAWN)
    elif ended.service_account_id is not None:
        rows = Grant.objects.of(actor).filter(service_account_id=ended.service_account_id)
        _drop(actor, rows, ended.reason)


def revoke_group_access(actor: Actor, left: GroupMembersRemoved, **_: Any) -> None:
    """Receiver of `group_members_removed`: what the group's grants gave ends for those who are not in it."""
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
        _drop(actor, grants, left.reason)


def _drop(actor: Actor, grants: TenantQuerySet[Grant], reason: str) -> None:
    for grant in grants.select_related("credential").order_by("pk"):
        entry = EntryDraft(Event.GRANT_REMOVED)
        entry.set_fields(
            credential_id=grant.credential_id,
            credential_key=grant.credential.key if grant.credential else "",
        )
        entry.add_details(grant=public_id("grant", grant.pk), reason=reason)
        record(actor, entry)
        grant.delete()


def _hand_over(actor: Actor, ended: AccessRevoked) -> None:
    """What the leaver owned goes to the heir; without one it has an owner less."""
    owned = Credential.objects.of(actor).filter(owners__contains=[ended.person_id])
    for credential in owned.locked().order_by("pk"):
        owners = [ended.heir_id if one == ended.person_id else one for one in credential.owners]
        credential.owners = list(dict.fromkeys(one for one in owners if one is not None))
        credential.revision += 1
        credential.updated_at = Now()
        credential.save(update_fields=["owners", "revision", "updated_at"])
        entry = EntryDraft(Event.CREDENTIAL_UPDATED)
        entry.set_fields(credential_id=credential.pk, credential_key=credential.key)
        entry.add_details(changed=["owners"], reason=ended.reason)
        record(actor, entry)
