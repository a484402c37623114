"""Secrets of service accounts: shown once, two at a time, so that one can follow the other."""

from pydantic import SecretStr

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import audited, read_only
from foundation.db.clock import DatabaseClock, database_now
from foundation.db.ids import public_id
from foundation.errors import Conflict
from identity.authorization_server.tokens import digest
from identity.models import Client
from identity.secret_format import SecretPrefix, new_secret
from identity.service_accounts.clients import (
    client_of,
    credential_fields,
    credentials_of_account,
    lock_account,
    lock_credential,
    repeated,
    until,
)
from identity.service_accounts.models import AccountProof, ProofKind
from identity.shapes import (
    AccountSecretOut,
    AccountSecretsOut,
    AddAccountSecret,
    NewAccountSecretOut,
)
from tenants.memberships import active_membership

AT_A_TIME = 2


def add_account_secret(actor: Actor, request: AddAccountSecret) -> NewAccountSecretOut:
    """Give a service account another secret; this answer is the only place where it is shown.

    Conflict while two are valid. The same idempotency key again answers without the secret (L9).
    """
    secret = new_secret(SecretPrefix.ACCOUNT_SECRET)
    with audited(actor, Action.ADD_ACCOUNT_SECRET, Event.SERVICE_ACCOUNT_SECRET_ADDED) as entry:
        active_membership(actor).require(Action.ADD_ACCOUNT_SECRET)
        client = client_of(lock_account(actor, request.account_id))
        earlier = _repeated(actor, client, request)
        if earlier is not None:
            entry.discard()
            return _new(earlier, None)
        _require_room(client)
        proof = _store(actor, client, request, secret)
        entry.add_details(account=request.account_id, proof=public_id("proof", proof.pk))
    return _new(proof, secret)


def list_account_secrets(actor: Actor, account_id: str) -> AccountSecretsOut:
    """The secrets of a service account without their values, expired ones too."""
    with read_only(actor, Action.LIST_ACCOUNT_SECRETS):
        active_membership(actor).require(Action.LIST_ACCOUNT_SECRETS)
        rows = credentials_of_account(actor, account_id, ProofKind.SECRET)
        now = database_now()
        return AccountSecretsOut(
            secrets=[AccountSecretOut.model_validate(credential_fields(one, now)) for one in rows]
        )


def remove_account_secret(actor: Actor, proof_id: str) -> None:
    """Take a secret out of use; the tokens that were got with it end at once."""
    with audited(
        actor, Action.REMOVE_ACCOUNT_SECRET, Event.SERVICE_ACCOUNT_SECRET_REMOVED
    ) as entry:
        active_membership(actor).require(Action.REMOVE_ACCOUNT_SECRET)
        proof = lock_credential(actor, proof_id, ProofKind.SECRET)
        entry.add_details(account=proof.client.client_id, proof=proof_id)
        proof.delete()


def _repeated(actor: Actor, client: Client, request: AddAccountSecret) -> AccountProof | None:
    return repeated(
        actor,
        client,
        request.idempotency_key,
        kind=ProofKind.SECRET,
        name=request.name,
        scope=" ".join(request.scopes),
        days=request.expires_in_days,
    )


def _require_room(client: Client) -> None:
    valid = client.proofs.filter(kind=ProofKind.SECRET, expires_at__gt=DatabaseClock())
    if valid.count() >= AT_A_TIME:
        raise Conflict(
            "A service account has at most two valid secrets.",
            hint="Remove the one that is no longer in use; then add the next.",
        )


def _store(actor: Actor, client: Client, request: AddAccountSecret, secret: str) -> AccountProof:
    now, end = until(request.expires_in_days)
    return AccountProof.objects.create(
        client=client,
        kind=ProofKind.SECRET,
        name=request.name,
        scope=" ".join(request.scopes),
        secret_digest=digest(secret),
        created_by=actor.person_id,
        created_at=now,
        expires_at=end,
        idempotency_key=request.idempotency_key,
    )


def _new(proof: AccountProof, secret: str | None) -> NewAccountSecretOut:
    return NewAccountSecretOut(
        **credential_fields(proof, proof.created_at), secret=SecretStr(secret) if secret else None
    )
