"""Personal tokens: finding, showing and ending them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from access.actor import Actor
from access.revocation import AccessRevoked, announce_revoked
from access.tenancy import use_tenant
from audit.events import Event
from audit.recording import record_in_transaction
from credentials.models import Credential
from foundation.db.clock import database_now, is_past
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import NotFound
from identity.service_accounts.models import PersonalToken
from identity.shapes import PersonalTokenOut
from tenants.memberships import lock_membership
from tenants.models import Person


def tokens_of(actor: Actor) -> QuerySet[PersonalToken]:
    """The tenant's personal tokens."""
    return PersonalToken.objects.filter(tenant_id=actor.tenant_id).select_related("person")


def find_token(actor: Actor, token_id: str) -> PersonalToken:
    """The tenant's token `pat_…`, or NotFound."""
    token = tokens_of(actor).filter(pk=parse_public_id("pat", token_id)).first()
    if token is None:
        raise NotFound("There is no such personal token.")
    return token


def lock_token(actor: Actor, token_id: str) -> PersonalToken:
    """The same, locked after its owner's membership."""
    lock_membership(actor, find_token(actor, token_id).person_id)
    locked = tokens_of(actor).select_for_update(of=("self",))
    return locked.get(pk=parse_public_id("pat", token_id))


def revoke_token(actor: Actor, token: PersonalToken, reason: str) -> None:
    """Revoke a token and end what was leased with it (L6); joins the transaction."""
    token.revoked_at = database_now()
    token.save(update_fields=["revoked_at"])
    announce_revoked(
        actor, AccessRevoked(reason=reason, person_id=token.person_id, client_id=token.pk)
    )


def revoke_tokens_of(person: Person, actor: Actor, reason: str) -> None:
    """Revoke every token of a person, in every tenant, each with an entry; joins the transaction.

    Somebody who knew the old password may have created one.
    """
    active = PersonalToken.objects.filter(person=person, revoked_at=None)
    for token in active.order_by("pk").select_for_update(of=("self",)):
        tenant_actor = _in_tenant(actor, token)
        use_tenant(token.tenant_id)
        revoke_token(tenant_actor, token, reason)
        name = public_id("pat", token.pk)
        record_in_transaction(tenant_actor, Event.PERSONAL_TOKEN_REVOKED, token=name, reason=reason)


def _in_tenant(actor: Actor, token: PersonalToken) -> Actor:
    return Actor(
        tenant_id=token.tenant_id,
        channel=actor.channel,
        person_id=token.person_id,
        system=actor.system,
        request_id=actor.request_id,
        address=actor.address,
    )


def credential_keys(actor: Actor, tokens: Iterable[PersonalToken]) -> dict[UUID, str]:
    """The keys of the credentials that tokens are narrowed to."""
    wanted = {credential_id for token in tokens for credential_id in token.only or ()}
    return dict(Credential.objects.of(actor).filter(pk__in=wanted).values_list("pk", "key"))


def token_fields(token: PersonalToken, keys: dict[UUID, str], now: datetime) -> dict[str, Any]:
    """The fields that every answer has. A deleted credential has no key any more."""
    only = None if token.only is None else sorted(keys[id_] for id_ in token.only if id_ in keys)
    return {
        "token_id": public_id("pat", token.pk),
        "name": token.name,
        "person_id": public_id("person", token.person_id),
        "email": token.person.email,
        "scopes": token.scope.split(),
        "credentials": only,
        "state": _state(token, now),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "last_address": token.last_address,
    }


def token_out(token: PersonalToken, keys: dict[UUID, str], now: datetime) -> PersonalTokenOut:
    """The token without its value."""
    return PersonalTokenOut.model_validate(token_fields(token, keys, now))


def _state(token: PersonalToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if is_past(token.expires_at, now) else "active"
