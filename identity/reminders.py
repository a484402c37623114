"""Whom to remind of which ends: personal tokens, and secrets and keys of service accounts."""

from collections.abc import Iterator
from datetime import datetime

from access.actor import Actor
from foundation.db.ids import public_id
from identity.service_accounts.models import AccountProof, PersonalToken
from tenants.models import Membership, ServiceAccountState
from tenants.reminders import UpcomingEnd


def find_ends(actor: Actor, until: datetime) -> Iterator[UpcomingEnd]:
    """What ends in the tenant before `until`."""
    yield from _personal_tokens(actor, until)
    yield from _account_proofs(actor, until)


def _personal_tokens(actor: Actor, until: datetime) -> Iterator[UpcomingEnd]:
    members = Membership.objects.filter(tenant_id=actor.tenant_id)
    rows = PersonalToken.objects.filter(
        tenant_id=actor.tenant_id,
        membership_id__in=members.values("pk"),
        revoked_at=None,
        expires_at__lte=until,
    )
    for token in rows:
        yield UpcomingEnd(
            subject_id=token.pk,
            kind="personal_token",
            name=f'your personal token "{token.name}" expires',
            path="account/tokens/",
            since=token.created_at,
            at=token.expires_at,
            recipients=[token.person_id],
        )


def _account_proofs(actor: Actor, until: datetime) -> Iterator[UpcomingEnd]:
    """Only owners and admins can add another one, so they are told."""
    rows = AccountProof.objects.filter(
        client__tenant_id=actor.tenant_id,
        client__service_account__state=ServiceAccountState.ACTIVE,
        expires_at__lte=until,
    )
    for proof in rows.select_related("client__service_account"):
        account = proof.client.service_account
        assert account is not None
        yield UpcomingEnd(
            subject_id=proof.pk,
            kind="service_account_proof",
            name=f'the {proof.kind} "{proof.name}" of the service account {account.name} expires',
            path=f"admin/service-accounts/{public_id('sa', account.pk)}/",
            since=proof.created_at,
            at=proof.expires_at,
            recipients=(),
        )
