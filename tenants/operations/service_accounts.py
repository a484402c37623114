"""Service accounts: who acts without a person, with grants of its own and no baseline."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Lower

from access.actions import Action
from access.actor import Actor
from access.revocation import AccessRevoked, announce_revoked
from audit.events import Event
from audit.recording import EntryDraft, audited, read_only
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Invalid, NotFound, PreconditionFailed
from tenants.memberships import active_membership, lock_service_account
from tenants.models import ServiceAccount, ServiceAccountState
from tenants.shapes.tenants import (
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


def list_service_accounts(actor: Actor, request: ListServiceAccounts) -> ServiceAccountPageOut:
    """The tenant's service accounts by name."""
    with read_only(actor, Action.LIST_SERVICE_ACCOUNTS):
        active_membership(actor).require(Action.LIST_SERVICE_ACCOUNTS)
        rows = ServiceAccount.objects.of(actor).select_related("created_by")
        if request.state is None:
            rows = rows.exclude(state=ServiceAccountState.REMOVED)
        else:
            rows = rows.filter(state=request.state)
        found, more = page(
            rows.annotate(folded=Lower("name")),
            {"folded": str, "pk": UUID},
            limit=request.limit,
            cursor=request.cursor,
        )
        return ServiceAccountPageOut(
            service_accounts=[service_account_out(one) for one in found], next_cursor=more
        )


def show_service_account(actor: Actor, service_account_id: str) -> ServiceAccountOut:
    """One service account; a removed one too, because the log still names it."""
    with read_only(actor, Action.SHOW_SERVICE_ACCOUNT):
        active_membership(actor).require(Action.SHOW_SERVICE_ACCOUNT)
        account = (
            ServiceAccount.objects.of(actor)
            .select_related("created_by")
            .filter(pk=parse_public_id("sa", service_account_id))
            .first()
        )
        if account is None:
            raise _no_account()
        return service_account_out(account)


def create_service_account(actor: Actor, request: CreateServiceAccount) -> ServiceAccountOut:
    """A new service account; Conflict when the name is taken."""
    with audited(actor, Action.CREATE_SERVICE_ACCOUNT, Event.SERVICE_ACCOUNT_CREATED) as entry:
        active_membership(actor).require(Action.CREATE_SERVICE_ACCOUNT)
        account = ServiceAccount(
            tenant_id=actor.tenant_id,
            name=request.name,
            description=request.description,
            created_by_id=actor.person_id,
        )
        entry.add_details(service_account=public_id("sa", account.pk), name=account.name)
        _save(account)
        account.refresh_from_db()
        return service_account_out(account)


def change_service_account(actor: Actor, request: ChangeServiceAccount) -> ServiceAccountOut:
    """Rename, describe, suspend, resume or remove a service account.

    Suspended and removed ones lose their leases at once, removed ones their grants too.
    """
    names = request.model_dump(exclude_none=True, include={"name", "description"})
    if (request.state is None) == (not names):
        raise Invalid("Either a state or a name and description.", "state")
    state = None if request.state is None else ServiceAccountState(request.state)
    event = Event.SERVICE_ACCOUNT_CHANGED if state is None else EVENTS[state]
    with audited(actor, Action.CHANGE_SERVICE_ACCOUNT, event) as entry:
        active_membership(actor).require(Action.CHANGE_SERVICE_ACCOUNT)
        entry.add_details(service_account=request.service_account_id)
        account = _held(actor, request.service_account_id)
        if request.revision not in (None, account.revision):
            raise PreconditionFailed("It was changed meanwhile; look at it again.")
        if state is None:
            _describe(entry, account, names)
        elif state == account.state:
            entry.discard()
        else:
            _move_to(actor, account, state)
        entry.add_details(name=account.name)
        return service_account_out(account)


def _describe(entry: EntryDraft, account: ServiceAccount, names: dict[str, Any]) -> None:
    for name, value in names.items():
        setattr(account, name, value)
    account.revision += 1
    entry.add_details(changed=sorted(names))
    _save(account)


def _move_to(actor: Actor, account: ServiceAccount, state: ServiceAccountState) -> None:
    account.state = state
    account.revision += 1
    account.save(update_fields=["state", "revision"])
    if state != ServiceAccountState.ACTIVE:
        ended = AccessRevoked(
            reason=f"service account {state}",
            service_account_id=account.pk,
            leaves=state == ServiceAccountState.REMOVED,
        )
        announce_revoked(actor, ended)


def _save(account: ServiceAccount) -> None:
    try:
        account.save()
    except IntegrityError:
        raise Conflict("A service account with this name exists already.", field="name") from None


def _held(actor: Actor, service_account_id: str) -> ServiceAccount:
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
