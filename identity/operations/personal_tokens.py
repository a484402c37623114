"""Personal tokens for the REST API: created at the console, shown once, and never with more
permissions than the person has.
"""

from collections.abc import Sequence
from uuid import UUID

from pydantic import SecretStr

from access.actions import Action
from access.actor import Actor
from access.scopes import Scope, satisfies
from audit.events import Event
from credentials.permissions import find_credential, require_permission
from foundation.db.clock import DatabaseClock, database_now
from foundation.db.ids import public_id
from foundation.db.paging import page
from foundation.errors import Denied, InsufficientScope, Invalid, NotFound, QuotaExceeded
from identity.service_accounts.clients import SPENT_KEY, validity_period
from identity.service_accounts.models import PersonalToken
from identity.service_accounts.personal_tokens import (
    credential_keys,
    find_token,
    lock_token,
    revoke_token,
    token_fields,
    token_out,
    tokens_of,
)
from identity.shapes import (
    CreatePersonalToken,
    ListPersonalTokens,
    NewPersonalTokenOut,
    PersonalTokenOut,
    PersonalTokenPageOut,
)
from identity.tokens.secret_format import SecretPrefix, digest, new_secret
from tenants.context import TenantContext, operation
from tenants.memberships import ActiveMembership, lock_membership

MOST = 50


@operation(Action.CREATE_PERSONAL_TOKEN, Event.PERSONAL_TOKEN_CREATED)
def create_personal_token(
    context: TenantContext, request: CreatePersonalToken
) -> NewPersonalTokenOut:
    """Create a token that acts as its creator; this answer is the only place where it is shown.

    Denied for `vault:admin` without being an owner, admin or auditor, and to an auditor for any
    other scope; CredentialNotFound for a credential that the person does not see.
    The same idempotency key again answers without the token (L9).
    """
    actor, entry = context.actor, context.entry
    secret = new_secret(SecretPrefix.PERSONAL_TOKEN)
    lock_membership(actor, actor.person)
    _require_scopes_of_role(context.membership, request.scopes)
    only = _narrowed(context, request)
    token = _repeated(actor, request, only)
    if token is not None:
        entry.discard()
        return _new(actor, token, None)
    _require_below_limit(actor)
    token = _store(context, request, only, secret)
    entry.add_details(token=public_id("pat", token.pk), scope=token.scope)
    return _new(actor, token, secret)


@operation(Action.LIST_PERSONAL_TOKENS)
def list_personal_tokens(
    context: TenantContext, request: ListPersonalTokens
) -> PersonalTokenPageOut:
    """One's own tokens, or for owners and admins everybody's; the newest first, no values."""
    actor, membership = context.actor, context.membership
    rows = tokens_of(actor)
    if not request.everybody:
        rows = rows.filter(person_id=actor.person)
    elif not membership.is_admin:
        raise Denied("Only an owner or admin of the tenant sees the tokens of others.")
    elif not satisfies(actor.scopes, Scope.ADMIN):
        raise _needs_admin()
    tokens, next_cursor = page(
        rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor, newest_first=True
    )
    keys, now = credential_keys(actor, tokens), database_now()
    return PersonalTokenPageOut(
        tokens=[token_out(token, keys, now) for token in tokens], next_cursor=next_cursor
    )


@operation(Action.SHOW_PERSONAL_TOKEN)
def show_personal_token(context: TenantContext, token_id: str) -> PersonalTokenOut:
    """A token of one's own, or for owners and admins anybody's, without its value."""
    actor, membership = context.actor, context.membership
    token = find_token(actor, token_id)
    _require_manageable(actor, membership, token)
    return token_out(token, credential_keys(actor, [token]), database_now())


@operation(Action.REVOKE_PERSONAL_TOKEN, Event.PERSONAL_TOKEN_REVOKED)
def revoke_personal_token(context: TenantContext, token_id: str) -> None:
    """Revoke a token of one's own, or as an owner or admin anybody's, and its leases.

    Idempotent.
    """
    actor, entry, membership = context.actor, context.entry, context.membership
    token = lock_token(actor, token_id)
    _require_manageable(actor, membership, token)
    entry.add_details(token=token_id, person=str(token.person_id))
    if token.revoked_at is not None:
        entry.discard()
        return
    revoke_token(actor, token, "personal token revoked")


def _require_scopes_of_role(membership: ActiveMembership, scopes: Sequence[str]) -> None:
    if membership.is_auditor:
        if set(scopes) != {Scope.ADMIN.value}:
            raise Denied("An auditor's token has the scope vault:admin and reads the log with it.")
    elif Scope.ADMIN.value in scopes and not membership.is_admin:
        raise Denied("Only an owner or admin of the tenant can take vault:admin into a token.")


def _narrowed(context: TenantContext, request: CreatePersonalToken) -> list[UUID] | None:
    """The credentials that the token is for; each must be visible to the person."""
    if request.credentials is None:
        return None
    ids = set()
    for key in request.credentials:
        credential = find_credential(context.actor, key, context.entry)
        require_permission(
            context.actor, context.membership, credential, Action.DESCRIBE_CREDENTIAL
        )
        ids.add(credential.pk)
    return sorted(ids)


def _repeated(
    actor: Actor, request: CreatePersonalToken, only: list[UUID] | None
) -> PersonalToken | None:
    if request.idempotency_key is None:
        return None
    own = tokens_of(actor).filter(person_id=actor.person)
    earlier = own.filter(idempotency_key=request.idempotency_key).first()
    if earlier is None:
        return None
    earlier_request = (earlier.name, earlier.scope, earlier.days, earlier.only)
    if earlier_request != (request.name, " ".join(request.scopes), request.expires_in_days, only):
        raise Invalid(SPENT_KEY, "idempotencyKey")
    return earlier


def _require_below_limit(actor: Actor) -> None:
    active = tokens_of(actor).filter(
        person_id=actor.person, revoked_at=None, expires_at__gt=DatabaseClock()
    )
    if active.count() >= MOST:
        raise QuotaExceeded(f"A person has at most {MOST} tokens; revoke one first.")


def _store(
    context: TenantContext, request: CreatePersonalToken, only: list[UUID] | None, secret: str
) -> PersonalToken:
    now, end = validity_period(request.expires_in_days)
    membership_id = context.membership.membership_id
    assert membership_id is not None  # a person's
    return PersonalToken.objects.create(
        tenant_id=context.actor.tenant_id,
        person_id=context.actor.person,
        membership_id=membership_id,
        name=request.name,
        secret_digest=digest(secret),
        scope=" ".join(request.scopes),
        only=only,
        created_at=now,
        expires_at=end,
        idempotency_key=request.idempotency_key,
    )


def _new(actor: Actor, token: PersonalToken, secret: str | None) -> NewPersonalTokenOut:
    fields = token_fields(token, credential_keys(actor, [token]), database_now())
    return NewPersonalTokenOut(**fields, token=SecretStr(secret) if secret else None)


def _require_manageable(actor: Actor, membership: ActiveMembership, token: PersonalToken) -> None:
    """One's own, or anybody's for owners and admins; to a token that is narrowed, itself alone."""
    if token.person_id == actor.person_id and (
        actor.allowed_credentials is None or token.pk == actor.client_id
    ):
        return
    if not membership.is_admin:
        raise NotFound("There is no such personal token.")
    if not satisfies(actor.scopes, Scope.ADMIN):
        raise _needs_admin()


def _needs_admin() -> InsufficientScope:
    return InsufficientScope(f"The scope {Scope.ADMIN} is needed.", required=str(Scope.ADMIN))
