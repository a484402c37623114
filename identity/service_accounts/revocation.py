"""Ending tokens and credentials when their person or service account leaves the tenant."""

from typing import Any
from uuid import UUID

from access.actor import Actor
from access.revocation import AccessRevoked
from audit.events import Event
from audit.recording import EntryDraft, record
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from identity.service_accounts.models import AccountProof, PersonalToken, ProofKind

EVENTS = {
    ProofKind.SECRET: Event.SERVICE_ACCOUNT_SECRET_REMOVED,
    ProofKind.KEY: Event.SERVICE_ACCOUNT_KEY_REMOVED,
}


def revoke_programs(actor: Actor, ended: AccessRevoked, **_: Any) -> None:
    """Receiver of `access_revoked`, in the same transaction."""
    if ended.account_secrets and ended.person_id is not None:
        _remove_secrets_of_maker(actor, ended.person_id, ended.reason)
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


def _remove_secrets_of_maker(actor: Actor, person_id: UUID, reason: str) -> None:
    """Delete the secrets and keys that a person made, with their access tokens, each with an entry.

    The maker of a secret has seen it, and of a key may have the private half.
    """
    made = AccountProof.objects.filter(client__tenant_id=actor.tenant_id, created_by=person_id)
    for proof in made.select_related("client").order_by("pk"):
        entry = EntryDraft(EVENTS[ProofKind(proof.kind)])
        entry.add_details(
            account=proof.client.client_id, proof=public_id("proof", proof.pk), reason=reason
        )
        record(actor, entry)
        proof.delete()
