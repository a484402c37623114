"""A service account as a client of the authorization server, with its credentials."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from access.actor import Actor
from access.levels import Role
from foundation.db.clock import database_now, is_past
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import Invalid, NotFound
from identity.models import Client
from identity.service_accounts.models import AccountProof
from tenants.memberships import lock_service_account
from tenants.models import Membership, ServiceAccount, ServiceAccountState

SPENT_KEY = "idempotencyKey: it was used for another request; use a new one."


def lock_account(actor: Actor, account_id: str) -> ServiceAccount:
    """The tenant's service account `sa_…`, locked; NotFound for every other."""
    account = lock_service_account(actor, parse_public_id("sa", account_id))
    if account is None or account.state == ServiceAccountState.REMOVED:
        raise NotFound("There is no such service account.")
    return account


def get_or_create_client(account: ServiceAccount) -> Client:
    """The account's client, created when it is first needed; the account must be locked."""
    client: Client
    client, _ = Client.objects.get_or_create(
        service_account_id=account.pk,
        defaults={
            "tenant_id": account.tenant_id,
            "client_id": public_id("sa", account.pk),
            "client_type": Client.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Client.GRANT_CLIENT_CREDENTIALS,
            "client_secret": "",
            "hash_client_secret": False,
        },
    )
    return client


def credentials_of(actor: Actor, kind: str) -> QuerySet[AccountProof]:
    """The credentials of the tenant's service accounts, the newest first."""
    credentials = AccountProof.objects.filter(client__tenant_id=actor.tenant_id, kind=kind)
    makers = Membership.objects.filter(
        tenant_id=actor.tenant_id,
        person_id=OuterRef("created_by"),
        suspended_at=None,
        role__in=[Role.OWNER, Role.ADMIN],
    )
    credentials = credentials.annotate(
        by_former_admin=Q(created_by__isnull=False) & ~Exists(makers)
    )
    return credentials.select_related("client").order_by("-created_at", "-pk")


def credentials_of_account(actor: Actor, account_id: str, kind: str) -> QuerySet[AccountProof]:
    """The credentials of one account; NotFound for an account that is not the tenant's."""
    rows = ServiceAccount.objects.of(actor).exclude(state=ServiceAccountState.REMOVED)
    account = rows.filter(pk=parse_public_id("sa", account_id)).first()
    if account is None:
        raise NotFound("There is no such service account.")
    return credentials_of(actor, kind).filter(client__service_account_id=account.pk)


def lock_credential(actor: Actor, proof_id: str, kind: str) -> AccountProof:
    """The tenant's credential `proof_…`, locked after its account; NotFound for any other."""
    wanted = parse_public_id("proof", proof_id)
    known = credentials_of(actor, kind).filter(pk=wanted).first()
    if known is not None and known.client.service_account_id is not None:
        lock_service_account(actor, known.client.service_account_id)
        locked = (
            credentials_of(actor, kind).select_for_update(of=("self",)).filter(pk=wanted).first()
        )
        if locked is not None:
            return locked
    raise NotFound("There is no such proof of a service account.")


def find_repeated(
    actor: Actor, client: Client, key: str | None, **same: Any
) -> AccountProof | None:
    """What the actor made earlier with this idempotency key; Invalid when it was something else."""
    if key is None:
        return None
    rows = client.proofs.select_related("client")
    earlier = rows.filter(created_by=actor.person_id, idempotency_key=key).first()
    if earlier is None:
        return None
    if {name: getattr(earlier, name) for name in same} != same:
        raise Invalid(SPENT_KEY, "idempotencyKey")
    return earlier


def validity_period(days: int) -> tuple[datetime, datetime]:
    """Now by the database's clock, and that many days later."""
    now = database_now()
    return now, now + timedelta(days=days)


def credential_fields(proof: AccountProof, now: datetime) -> dict[str, Any]:
    """The fields that every answer has."""
    account_id = proof.client.service_account_id
    assert account_id is not None
    return {
        "proof_id": public_id("proof", proof.pk),
        "account_id": public_id("sa", account_id),
        "client_id": proof.client.client_id,
        "name": proof.name,
        "scopes": proof.scope.split(),
        "created_at": proof.created_at,
        "expires_at": proof.expires_at,
        "expired": is_past(proof.expires_at, now),
        "last_used_at": proof.last_used_at,
        # Somebody who just made one is an admin.
        "by_former_admin": getattr(proof, "by_former_admin", False),
    }
