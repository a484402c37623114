"""People's own tokens: made at the console, shown once, for the REST API, and never more than the
person may do.
"""

from uuid import UUID

from pydantic import SecretStr

from access.actions import Action
from access.actor import Actor
from access.scopes import Scope, satisfies
from audit.events import Event
from audit.recording import EntryDraft, audited, read_only
from credentials.permissions import find_credential, require_permission
from foundation.db.clock import DatabaseClock, database_now
from foundation.db.ids import public_id
from foundation.db.paging import page
from foundation.errors import Denied, InsufficientScope, Invalid, NotFound, QuotaExceeded
from identity.authorization_server.tokens import digest
from identity.secret_format import SecretPrefix, new_secret
from identity.service_accounts.clients import SPENT_KEY, until
from identity.service_accounts.models import PersonalToken
from identity.service_accounts.personal_tokens import (
    end_token,
    find_token,
    keys_of,
    lock_token,
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
from tenants.memberships import ActiveMembership, active_membership, lock_membership

MOST = 50


def create_personal_token(actor: Actor, request: CreatePersonalToken) -> NewPersonalTokenOut:
    """Make a token that acts as the person who makes it; this answer alone shows it.

    Denied for `vault:admin` without being an owner or admin; CredentialNotFound for a credential
    that the person does not see. The same idempotency key again answers without the token (L9).
    """
    secret = new_secret(SecretPrefix.PERSONAL_TOKEN)
    with audited(actor, Action.CREATE_PERSONAL_TOKEN, Event.PERSONAL_TOKEN_CREATED) as entry:
        stands = active_membership(actor)
        _require_grantable(stands, request)
        lock_membership(actor, actor.person)
        only = _narrowed(actor, stands, request, entry)
        token = _repeated(actor, request, only)
        if token is not None:
            entry.discard()
            return _new(actor, token, None)
        _require_room(actor)
        token = _store(actor, stands, request, only, secret)
        entry.add_details(token=public_id("pat", token.pk), scope=token.scope)
        return _new(actor, token, secret)


def list_personal_tokens(actor: Actor, request: ListPersonalTokens) -> PersonalTokenPageOut:
    """One's own tokens, or for owners and admins everybody's; the newest first, no values."""
    with read_only(actor, Action.LIST_PERSONAL_TOKENS):
        stands = active_membership(actor)
        rows = tokens_of(actor)
        if not request.everybody:
            rows = rows.filter(person_id=actor.person)
        elif not stands.is_admin:
            raise Denied("Only an owner or admin of the tenant sees the tokens of others.")
        elif not satisfies(actor.scopes, Scope.ADMIN):
            raise _needs_admin()
        shown, cursor = page(
            rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor, newest_first=True
        )
        keys, now = keys_of(actor, shown), database_now()
        return PersonalTokenPageOut(
            tokens=[token_out(one, keys, now) for one in shown], next_cursor=cursor
        )


def show_personal_token(actor: Actor, token_id: str) -> PersonalTokenOut:
    """A token of one's own, or for owners and admins anybody's, without its value."""
    with read_only(actor, Action.SHOW_PERSONAL_TOKEN):
        stands = active_membership(actor)
        token = find_token(actor, token_id)
        _require_within_reach(actor, stands, token)
        return token_out(token, keys_of(actor, [token]), database_now())


def revoke_personal_token(actor: Actor, token_id: str) -> None:
    """End a token of one's own, or as an owner or admin anybody's, with what was leased by it.
    Idempotent.
    """
    with audited(actor, Action.REVOKE_PERSONAL_TOKEN, Event.PERSONAL_TOKEN_REVOKED) as entry:
        stands = active_membership(actor)
        token = lock_token(actor, token_id)
        _require_within_reach(actor, stands, token)
        entry.add_details(token=token_id, person=str(token.person_id))
        if token.revoked_at is not None:
            entry.discard()
            return
        end_token(actor, token, "personal token revoked")


def _require_grantable(stands: ActiveMembership, request: CreatePersonalToken) -> None:
    if Scope.ADMIN.value in request.scopes and not stands.is_admin:
        raise Denied("Only an owner or admin of the tenant can take vault:admin into a token.")


def _narrowed(
    actor: Actor, stands: ActiveMembership, request: CreatePersonalToken, entry: EntryDraft
) -> list[UUID] | None:
    """The credentials that the token is for; each must be visible to the person."""
    if request.credentials is None:
        return None
    ids = set()
    for key in request.credentials:
        credential = find_credential(actor, key, entry)
        require_permission(actor, stands, credential, Action.DESCRIBE_CREDENTIAL)
        ids.add(credential.pk)
    return sorted(ids)


def _repeated(
    actor: Actor, request: CreatePersonalToken, only: list[UUID] | None
) -> PersonalToken | None:
    if request.idempotency_key is None:
        return None
    mine = tokens_of(actor).filter(person_id=actor.person)
    earlier = mine.filter(idempotency_key=request.idempotency_key).first()
    if earlier is None:
        return None
    made = (earlier.name, earlier.scope, earlier.days, earlier.only)
    if made != (request.name, " ".join(request.scopes), request.expires_in_days, only):
        raise Invalid(SPENT_KEY, "idempotencyKey")
    return earlier


def _require_room(actor: Actor) -> None:
    living = tokens_of(actor).filter(
        person_id=actor.person, revoked_at=None, expires_at__gt=DatabaseClock()
    )
    if living.count() >= MOST:
        raise QuotaExceeded(f"A person has at most {MOST} tokens; revoke one first.")


def _store(
    actor: Actor,
    stands: ActiveMembership,
    request: CreatePersonalToken,
    only: list[UUID] | None,
    secret: str,
) -> PersonalToken:
    now, end = until(request.expires_in_days)
    assert stands.membership_id is not None  # a person's
    return PersonalToken.objects.create(
        tenant_id=actor.tenant_id,
        person_id=actor.person,
        membership_id=stands.membership_id,
        name=request.name,
        secret_digest=digest(secret),
        scope=" ".join(request.scopes),
        only=only,
        created_at=now,
        expires_at=end,
        idempotency_key=request.idempotency_key,
    )


def _new(actor: Actor, token: PersonalToken, secret: str | None) -> NewPersonalTokenOut:
    fields = token_fields(token, keys_of(actor, [token]), database_now())
    return NewPersonalTokenOut(**fields, token=SecretStr(secret) if secret else None)


def _require_within_reach(actor: Actor, stands: ActiveMembership, token: PersonalToken) -> None:
    """One's own, or anybody's for who governs; to a token that is narrowed, itself alone."""
    if token.person_id == actor.person_id and (
        actor.allowed_credentials is None or token.pk == actor.client_id
    ):
        return
    if not stands.is_admin:
        raise NotFound("There is no such personal token.")
    if not satisfies(actor.scopes, Scope.ADMIN):
        raise _needs_admin()


def _needs_admin() -> InsufficientScope:
    return InsufficientScope(f"The scope {Scope.ADMIN} is needed.", required=str(Scope.ADMIN))
