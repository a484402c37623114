"""Public keys of service accounts: the private half never leaves whoever signs with it."""

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import audited, read_only
from foundation.db.clock import DatabaseClock, database_now
from foundation.db.ids import public_id
from foundation.errors import Conflict
from identity.client_authentication.public_keys import RegisteredKey, register
from identity.models import Client
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
from identity.shapes import AccountKeyOut, AccountKeysOut, AddAccountKey
from tenants.memberships import active_membership

AT_A_TIME = 5


def add_account_key(actor: Actor, request: AddAccountKey) -> AccountKeyOut:
    """Register a service account's public key, with which it signs assertions (RFC 7523).

    Conflict while five are valid, and for a key that it has already.
    """
    with audited(actor, Action.ADD_ACCOUNT_KEY, Event.SERVICE_ACCOUNT_KEY_ADDED) as entry:
        active_membership(actor).require(Action.ADD_ACCOUNT_KEY)
        key = register(request.jwk)
        client = client_of(lock_account(actor, request.account_id))
        proof = _repeated(actor, client, request, key)
        if proof is not None:
            entry.discard()
            return _out(proof)
        _require_room(client)
        proof = _store(actor, client, request, key)
        entry.add_details(
            account=request.account_id, proof=public_id("proof", proof.pk), alg=key.alg
        )
    return _out(proof)


def list_account_keys(actor: Actor, account_id: str) -> AccountKeysOut:
    """The registered keys of a service account, expired ones too."""
    with read_only(actor, Action.LIST_ACCOUNT_KEYS):
        active_membership(actor).require(Action.LIST_ACCOUNT_KEYS)
        rows = credentials_of_account(actor, account_id, ProofKind.KEY)
        return AccountKeysOut(keys=[_out(one) for one in rows])


def remove_account_key(actor: Actor, proof_id: str) -> None:
    """Take a key out of use; the tokens that were got with it end at once."""
    with audited(actor, Action.REMOVE_ACCOUNT_KEY, Event.SERVICE_ACCOUNT_KEY_REMOVED) as entry:
        active_membership(actor).require(Action.REMOVE_ACCOUNT_KEY)
        proof = lock_credential(actor, proof_id, ProofKind.KEY)
        entry.add_details(account=proof.client.client_id, proof=proof_id)
        proof.delete()


def _repeated(
    actor: Actor, client: Client, request: AddAccountKey, key: RegisteredKey
) -> AccountProof | None:
    return repeated(
        actor,
        client,
        request.idempotency_key,
        kind=ProofKind.KEY,
        name=request.name,
        scope=" ".join(request.scopes),
        days=request.expires_in_days,
        public_jwk=key.jwk,
    )


def _require_room(client: Client) -> None:
    valid = client.proofs.filter(kind=ProofKind.KEY, expires_at__gt=DatabaseClock())
    if valid.count() >= AT_A_TIME:
        raise Conflict(
            f"A service account has at most {AT_A_TIME} valid keys.",
            hint="Remove the one that is no longer in use; then add the next.",
        )


def _store(
    actor: Actor, client: Client, request: AddAccountKey, key: RegisteredKey
) -> AccountProof:
    now, end = until(request.expires_in_days)
    if client.proofs.filter(public_jwk=key.jwk).exists() or client.proofs.filter(kid=key.kid):
        raise Conflict("The service account has this key already, or one of the same kid.")
    return AccountProof.objects.create(
        client=client,
        kind=ProofKind.KEY,
        name=request.name,
        scope=" ".join(request.scopes),
        public_jwk=key.jwk,
        alg=key.alg,
        kid=key.kid,
        created_by=actor.person_id,
        created_at=now,
        expires_at=end,
        idempotency_key=request.idempotency_key,
    )


def _out(proof: AccountProof) -> AccountKeyOut:
    fields = credential_fields(proof, database_now())
    return AccountKeyOut(**fields, alg=proof.alg, kid=proof.kid)
