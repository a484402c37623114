"""Service accounts, which act without a person: they have grants of their own and no baseline."""

from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Lower

from access.actions import Action
from access.actor import Actor
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from audit.recording import EntryDraft
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Invalid, NotFound, PreconditionFailed
from tenants.context import TenantContext, operation
from tenants.memberships import lock_service_account
from tenants.models import ServiceAccount, ServiceAccountState
from tenants.shapes.service_accounts import (
    ChangeServiceAccount,
    CreateServiceAccount,
    ListServiceAccounts,
    ServiceAccountOut,
    ServiceAccountPageOut,
)

EVENTS = {
    ServiceAccountState.ACTIVE: Event.SERVICE_ACCOUNT_RESUMED,
    ServiceAccountState.SUSPENDED: Event.SERVICE_ACCOUNT_SUSPENDED,
    ServiceAccountState.REMOVED: Event.SERVICE_ACCOUNT_REMOVED,
}


@operation(Action.LIST_SERVICE_ACCOUNTS)
def list_service_accounts(
    context: TenantContext, request: ListServiceAccounts
) -> ServiceAccountPageOut:
    """The tenant's service accounts by name."""
    rows = ServiceAccount.objects.of(context.actor).select_related("created_by")
    if request.state is None:
        rows = rows.exclude(state=ServiceAccountState.REMOVED)
    else:
        rows = rows.filter(state=request.state)
    accounts, next_cursor = page(
        rows.annotate(folded=Lower("name")),
        {"folded": str, "pk": UUID},
        limit=request.limit,
        cursor=request.cursor,
    )
    return ServiceAccountPageOut(
        service_accounts=[service_account_out(account) for account in accounts],
        next_cursor=next_cursor,
    )


@operation(Action.SHOW_SERVICE_ACCOUNT)
def show_service_account(context: TenantContext, service_account_id: str) -> ServiceAccountOut:
    """One service account, also a removed one, because the log still names it."""
    account = (
        ServiceAccount.objects.of(context.actor)
        .select_related("created_by")
        .filter(pk=parse_public_id("sa", service_account_id))
        .first()
    )
    if account is None:
        raise _no_account()
    return service_account_out(account)


@operation(Action.CREATE_SERVICE_ACCOUNT, Event.SERVICE_ACCOUNT_CREATED)
def create_service_account(
    context: TenantContext, request: CreateServiceAccount
) -> ServiceAccountOut:
    """A new service account; Conflict when the name is taken."""
    actor = context.actor
    account = ServiceAccount(
        tenant_id=actor.tenant_id,
        name=request.name,
        description=request.description,
        created_by_id=actor.person_id,
    )
    context.entry.add_details(service_account=public_id("sa", account.pk), name=account.name)
    _save(account)
    account.refresh_from_db()
    return service_account_out(account)


def _event_of_change(request: ChangeServiceAccount) -> Event:
    """The event by the wanted state; Invalid for a state together with a name or description."""
    describes = request.name is not None or request.description is not None
    if (request.state is None) != describes:
        raise Invalid("Either a state or a name and description.", "state")
    if request.state is None:
        return Event.SERVICE_ACCOUNT_CHANGED
    return EVENTS[ServiceAccountState(request.state)]


@operation(Action.CHANGE_SERVICE_ACCOUNT, _event_of_change)
def change_service_account(
    context: TenantContext, request: ChangeServiceAccount
) -> ServiceAccountOut:
    """Rename, describe, suspend, resume or remove a service account.

    Suspended and removed ones lose their leases at once, removed ones their grants too.
    """
    actor, entry = context.actor, context.entry
    entry.add_details(service_account=request.service_account_id)
    account = _lock_account(actor, request.service_account_id)
    if request.revision not in (None, account.revision):
        raise PreconditionFailed("The service account was changed meanwhile; read it again.")
    if request.state is None:
        _describe(entry, account, request)
    elif request.state == account.state:
        entry.discard()
    else:
        _set_state(actor, account, ServiceAccountState(request.state))
    entry.add_details(name=account.name)
    return service_account_out(account)


def _describe(entry: EntryDraft, account: ServiceAccount, request: ChangeServiceAccount) -> None:
    changed = request.model_dump(exclude_none=True, include={"name", "description"})
    for name, value in changed.items():
        setattr(account, name, value)
    account.revision += 1
    entry.add_details(changed=sorted(changed))
    _save(account)


def _set_state(actor: Actor, account: ServiceAccount, state: ServiceAccountState) -> None:
    account.state = state
    account.revision += 1
    account.save(update_fields=["state", "revision"])
    if state != ServiceAccountState.ACTIVE:
        revoked = AccessRevoked(
            reason=f"service account {state}",
            service_account_id=account.pk,
            leaves=state == ServiceAccountState.REMOVED,
        )
        announce_revoked(actor, revoked)


def _save(account: ServiceAccount) -> None:
    try:
        account.save()
    except IntegrityError:
        raise Conflict("A service account with this name exists already.", field="name") from None


def _lock_account(actor: Actor, service_account_id: str) -> ServiceAccount:
    account = lock_service_account(actor, parse_public_id("sa", service_account_id))
    if account is None or account.state == ServiceAccountState.REMOVED:
        raise _no_account()
    return account


def _no_account() -> NotFound:
    return NotFound("There is no such service account.")


def service_account_out(account: ServiceAccount) -> ServiceAccountOut:
    """The service account as a shape."""
    return ServiceAccountOut.model_validate(
        {
            "service_account_id": public_id("sa", account.pk),
            "revision": account.revision,
            "name": account.name,
            "description": account.description,
            "state": account.state,
            "created_by": account.created_by.email if account.created_by else None,
            "created_at": account.created_at,
            "last_used_at": account.last_used_at,
            "last_address": account.last_address or None,
        }
    )
