"""Grants: given by those who have at least as much, changed in bulk, listed, and removed."""

from uuid import UUID

from django.db import transaction

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from audit.events import Event
from audit.recording import EntryDraft, record
from credentials.context import CredentialContext, operation
from credentials.grant_terms import Terms
from credentials.grants import (
    GrantTarget,
    changed_out,
    delete_grant,
    find_target,
    grant_out,
    grants_of,
    require_can_grant,
    require_on,
    require_one_target,
    upsert_grant,
    with_names,
)
from credentials.models import Grant
from credentials.policies import agent_ids
from credentials.principals import (
    Principal,
    lock_principal,
    named_principal,
    principal_of,
    require_one_principal,
)
from credentials.shapes.grants import (
    ChangedGrantOut,
    ChangedGrantsOut,
    ChangeGrant,
    ChangeGrants,
    GiveGrant,
    GrantOut,
    GrantPageOut,
    ListGrants,
    TermsOut,
)
from foundation.db.clock import database_now, is_past
from foundation.db.ids import parse_public_id
from foundation.db.paging import page
from foundation.errors import Invalid, NotFound, PreconditionFailed


def _check_grant(request: GiveGrant | ChangeGrant) -> None:
    require_one_target(request.key, request.folder_path)
    require_one_principal(request)


@operation(Action.GIVE_GRANT, Event.GRANT_CREATED, check=_check_grant)
def give_grant(context: CredentialContext, request: GiveGrant) -> GrantOut:
    """Give a level on a credential or folder, or change the grant that the subject has there.

    Needs `admin` there; nobody gives more than they have. Giving less than before ends the leases
    that depended on it; giving the same again changes nothing.
    """
    actor, subject = context.actor, require_one_principal(request)
    context.require_membership()
    lock_principal(actor, subject)
    target = find_target(context, request.key, request.folder_path, lock=True)
    terms = Terms(Level.of(request.level), request.expires_at, _agents(actor, request.agents))
    require_can_grant(context, target, terms)
    grant = upsert_grant(actor, context.entry, subject, target, terms)
    return grant_out(with_names(Grant.objects.of(actor)).get(pk=grant.pk))


def _agents(actor: Actor, given: list[str] | None) -> frozenset[UUID] | None:
    ids = agent_ids(actor, given)
    return None if ids is None else frozenset(ids)


@operation(Action.REMOVE_GRANT, Event.GRANT_REMOVED)
def remove_grant(context: CredentialContext, grant_id: str) -> None:
    """Remove a grant; the leases that depended on it end in the same transaction."""
    context.require_membership()
    rows = with_names(Grant.objects.of(context.actor))
    grant = rows.filter(pk=parse_public_id("grant", grant_id)).first()
    if grant is None:
        raise NotFound("There is no such grant.")
    require_on(context, GrantTarget(grant.credential, grant.folder))
    lock_principal(context.actor, principal_of(grant))
    delete_grant(context.actor, context.entry, grant, "grant removed", by_time=False)


@operation(Action.EXPIRE_DUE_GRANT, Event.GRANT_EXPIRED)
def expire_due_grant(context: CredentialContext, grant_id: UUID) -> bool:
    """Delete an expired grant; it gave nothing any more. True if it was deleted."""
    rows = Grant.objects.of(context.actor).select_for_update(of=("self",), skip_locked=True)
    grant = rows.filter(pk=grant_id).select_related("credential", "folder").first()
    if grant is None or not is_past(grant.expires_at, database_now()):
        context.entry.discard()
        return False
    delete_grant(context.actor, context.entry, grant, "grant expired", by_time=True)
    return True


@operation(Action.LIST_GRANTS)
def list_grants(context: CredentialContext, request: ListGrants) -> GrantPageOut:
    """Grants on one credential or folder, of one subject, or all of the tenant.

    Those on a credential or folder need `admin` on it. Everybody sees their own; the others are
    for owners and admins of the tenant.
    """
    actor, membership = context.actor, context.membership
    rows = with_names(Grant.objects.of(actor))
    subject = named_principal(request)
    if subject is not None:
        rows = rows.filter(**subject.lookup)
    if request.key is None and request.folder_path is None:
        if subject is None or not subject.is_actor(actor):
            membership.require_admin()
    else:
        require_one_target(request.key, request.folder_path)
        target = find_target(context, request.key, request.folder_path)
        require_on(context, target)
        rows = rows.filter(credential=target.credential, folder=target.folder)
    shown, cursor = page(rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor)
    return GrantPageOut(grants=[grant_out(grant) for grant in shown], next_cursor=cursor)


Cell = tuple[Principal, GrantTarget, ChangeGrant]


class _DryRun(Exception):
    """Rolls back the savepoint of a dry run."""


def _check_changes(request: ChangeGrants) -> None:
    for change in request.changes:
        _check_grant(change)
    cells = {
        (require_one_principal(change), change.key, change.folder_path)
        for change in request.changes
    }
    if len(cells) < len(request.changes):
        raise Invalid("changes: two of them are about the same grant.", "changes")


@operation(Action.CHANGE_GRANTS, Event.GRANT_BULK_CHANGED, check=_check_changes)
def change_grants(context: CredentialContext, request: ChangeGrants) -> ChangedGrantsOut:
    """Give, change and remove grants, all of them or none; answers each before and after.

    Each change needs what it would need by itself. PreconditionFailed when a cell is not what
    `expected` says. With `dryRun` nothing changes and no entry is written.
    """
    cells = _lock_cells(context, request)
    changed: list[ChangedGrantOut] = []
    try:
        with transaction.atomic():
            changed = [_change(context, cell) for cell in cells]
            if request.dry_run:
                raise _DryRun
    except _DryRun:
        context.entry.discard()
    context.entry.set_fields(credential_id=None, credential_key="")
    context.entry.add_details(changes=len(changed))
    return ChangedGrantsOut(dry_run=request.dry_run, changes=changed)


def _lock_cells(context: CredentialContext, request: ChangeGrants) -> list[Cell]:
    """The subjects and targets, locked in one order, so that two calls cannot wait in a circle."""
    context.require_membership()
    subjects = [require_one_principal(change) for change in request.changes]
    for subject in sorted(set(subjects)):
        lock_principal(context.actor, subject)
    places = sorted({(change.key, change.folder_path) for change in request.changes}, key=repr)
    targets = {place: find_target(context, *place, lock=True) for place in places}
    return [
        (subject, targets[change.key, change.folder_path], change)
        for subject, change in zip(subjects, request.changes, strict=True)
    ]


def _change(context: CredentialContext, cell: Cell) -> ChangedGrantOut:
    subject, target, change = cell
    require_on(context, target)
    grant = grants_of(context.actor, subject, target).first()
    before = Terms.of(grant) if grant else None
    if "expected" in change.model_fields_set and _expected(change.expected) != before:
        raise PreconditionFailed(
            "A grant was changed by somebody else in the meantime; look at it again.",
            key=change.key,
            folderPath=change.folder_path,
        )
    if change.level is None:
        return _remove(context.actor, subject, target, grant)
    agents = _agents(context.actor, change.agents)
    after = Terms(Level.of(change.level), change.expires_at, agents)
    require_can_grant(context, target, after)
    return _give(context.actor, subject, target, after)


def _give(actor: Actor, subject: Principal, target: GrantTarget, after: Terms) -> ChangedGrantOut:
    grant = grants_of(actor, subject, target).first()
    changed = changed_out(actor, grant, Terms.of(grant), after) if grant else None
    entry = EntryDraft(Event.GRANT_CREATED)
    upsert_grant(actor, entry, subject, target, after)
    if not entry.discarded:
        record(actor, entry)
    return changed or changed_out(actor, grants_of(actor, subject, target).get(), None, after)


def _remove(
    actor: Actor, subject: Principal, target: GrantTarget, grant: Grant | None
) -> ChangedGrantOut:
    if grant is None:
        nothing = Grant(
            tenant_id=actor.tenant_id,
            credential=target.credential,
            folder=target.folder,
            **subject.lookup,
        )
        return changed_out(actor, nothing, None, None)
    changed = changed_out(actor, grant, Terms.of(grant), None)
    entry = EntryDraft(Event.GRANT_REMOVED)
    delete_grant(actor, entry, grant, "grant removed", by_time=False)
    record(actor, entry)
    return changed


def _expected(terms: TermsOut | None) -> Terms | None:
    if terms is None:
        return None
    agents = terms.agents
    ids = None if agents is None else frozenset(parse_public_id("agent", text) for text in agents)
    return Terms(Level.of(terms.level), terms.expires_at, ids)
