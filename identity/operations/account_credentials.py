"""Secrets and public keys with which service accounts authenticate at the token endpoint.

A secret is shown once. Of a key only the public half is registered (RFC 7523).
"""

from typing import Any

from pydantic import SecretStr

from access.actions import Action
from audit.events import Event
from foundation.db.clock import DatabaseClock, database_now
from foundation.db.ids import public_id
from foundation.errors import Conflict
from identity.models import Client
from identity.service_accounts.clients import (
    credential_fields,
    credentials_of_account,
    find_repeated,
    get_or_create_client,
    lock_account,
    lock_credential,
    validity_period,
)
from identity.service_accounts.models import AccountProof, ProofKind
from identity.service_accounts.public_keys import register
from identity.shapes import (
    AccountKeyOut,
    AccountKeysOut,
    AccountSecretOut,
    AccountSecretsOut,
    AddAccountKey,
    AddAccountSecret,
    NewAccountSecretOut,
)
from identity.tokens.secret_format import SecretPrefix, digest, new_secret
from tenants.context import TenantContext, operation

MOST_SECRETS, MOST_KEYS = 2, 5  # valid at a time, so that a new one can replace an old one
LIMITS = {
    ProofKind.SECRET: (MOST_SECRETS, "two valid secrets"),
    ProofKind.KEY: (MOST_KEYS, f"{MOST_KEYS} valid keys"),
}


@operation(Action.ADD_ACCOUNT_SECRET, Event.SERVICE_ACCOUNT_SECRET_ADDED)
def add_account_secret(context: TenantContext, request: AddAccountSecret) -> NewAccountSecretOut:
    """Give a service account another secret; this answer is the only place where it is shown.

    Conflict while two are valid. The same idempotency key again answers without the secret (L9).
    """
    secret = new_secret(SecretPrefix.ACCOUNT_SECRET)
    proof, added = _add(context, request, ProofKind.SECRET, {"secret_digest": digest(secret)})
    shown = SecretStr(secret) if added else None
    return NewAccountSecretOut(**credential_fields(proof, proof.created_at), secret=shown)


@operation(Action.ADD_ACCOUNT_KEY, Event.SERVICE_ACCOUNT_KEY_ADDED)
def add_account_key(context: TenantContext, request: AddAccountKey) -> AccountKeyOut:
    """Register a service account's public key, with which it signs assertions (RFC 7523).

    Conflict while five are valid, and for a key that it has already.
    """
    key = register(request.jwk)
    columns = {"public_jwk": key.jwk, "alg": key.alg, "kid": key.kid}
    proof, added = _add(context, request, ProofKind.KEY, columns)
    if added:
        context.entry.add_details(alg=key.alg)
    return _key_out(proof)


@operation(Action.LIST_ACCOUNT_SECRETS)
def list_account_secrets(context: TenantContext, account_id: str) -> AccountSecretsOut:
    """The secrets of a service account without their values, expired ones too."""
    rows, now = credentials_of_account(context.actor, account_id, ProofKind.SECRET), database_now()
    return AccountSecretsOut(
        secrets=[AccountSecretOut.model_validate(credential_fields(row, now)) for row in rows]
    )


@operation(Action.LIST_ACCOUNT_KEYS)
def list_account_keys(context: TenantContext, account_id: str) -> AccountKeysOut:
    """The registered keys of a service account, expired ones too."""
    rows = credentials_of_account(context.actor, account_id, ProofKind.KEY)
    return AccountKeysOut(keys=[_key_out(row) for row in rows])


@operation(Action.REMOVE_ACCOUNT_SECRET, Event.SERVICE_ACCOUNT_SECRET_REMOVED)
def remove_account_secret(context: TenantContext, proof_id: str) -> None:
    """Delete a secret and, with it, the access tokens that were issued for it."""
    _remove(context, proof_id, ProofKind.SECRET)


@operation(Action.REMOVE_ACCOUNT_KEY, Event.SERVICE_ACCOUNT_KEY_REMOVED)
def remove_account_key(context: TenantContext, proof_id: str) -> None:
    """Delete a key and, with it, the access tokens that were issued for it."""
    _remove(context, proof_id, ProofKind.KEY)


def _add(
    context: TenantContext,
    request: AddAccountSecret | AddAccountKey,
    kind: ProofKind,
    columns: dict[str, Any],
) -> tuple[AccountProof, bool]:
    """The new credential and True, or the one that the idempotency key made earlier and False."""
    actor, entry = context.actor, context.entry
    client = get_or_create_client(lock_account(actor, request.account_id))
    same = {"kind": kind, "name": request.name, "scope": " ".join(request.scopes)}
    # A repeated request brings the same key, but no secret that could be compared.
    compared = {"public_jwk": columns["public_jwk"]} if kind is ProofKind.KEY else {}
    days = request.expires_in_days
    earlier = find_repeated(actor, client, request.idempotency_key, **same, days=days, **compared)
    if earlier is not None:
        entry.discard()
        return earlier, False
    _require_addable(client, kind, columns)
    now, end = validity_period(days)
    proof = AccountProof.objects.create(
        client=client,
        created_by=actor.person_id,
        created_at=now,
        expires_at=end,
        idempotency_key=request.idempotency_key,
        **same,
        **columns,
    )
    entry.add_details(account=request.account_id, proof=public_id("proof", proof.pk))
    return proof, True


def _require_addable(client: Client, kind: ProofKind, columns: dict[str, Any]) -> None:
    most, limit = LIMITS[kind]
    valid = client.proofs.filter(kind=kind, expires_at__gt=DatabaseClock())
    if valid.count() >= most:
        raise Conflict(
            f"A service account has at most {limit}.",
            hint="Remove the one that is no longer in use; then add the next.",
        )
    if kind is not ProofKind.KEY:
        return
    for column in ("public_jwk", "kid"):
        if client.proofs.filter(**{column: columns[column]}).exists():
            raise Conflict("The service account has this key already, or one of the same kid.")


def _remove(context: TenantContext, proof_id: str, kind: ProofKind) -> None:
    proof = lock_credential(context.actor, proof_id, kind)
    context.entry.add_details(account=proof.client.client_id, proof=proof_id)
    proof.delete()


def _key_out(proof: AccountProof) -> AccountKeyOut:
    fields = credential_fields(proof, database_now())
    return AccountKeyOut(**fields, alg=proof.alg, kid=proof.kid)
