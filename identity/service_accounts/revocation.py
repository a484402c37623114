"""Ending tokens and credentials when their person or service account leaves the tenant."""

from typing import Any

from access.actor import Actor
from access.revocation import AccessRevoked
from foundation.db.clock import database_now
from identity.service_accounts.models import AccountProof, PersonalToken


def revoke_programs(actor: Actor, ended: AccessRevoked, **_: Any) -> None:
    """Receiver of `access_revoked`, in the same transaction."""
    if not ended.leaves:
        return
    if ended.person_id is not None:
        active = PersonalToken.objects.filter(
            tenant_id=actor.tenant_id, person_id=ended.person_id, revoked_at=None
        )
        active.update(revoked_at=database_now())
    if ended.service_account_id is not None:
        AccountProof.objects.filter(
            client__tenant_id=actor.tenant_id, client__service_account_id=ended.service_account_id
        ).delete()
