"""Many changes of grants at once: all of them or none, seen before they are made."""

from django.db import transaction

from access.actions import Action
from access.actor import Actor
from access.levels import Level
from audit.events import Event
from audit.recording import EntryDraft, audited, record
from credentials.grant_terms import Terms, terms_of
from credentials.grants import (
    GrantTarget,
    changed_out,
    delete_grant,
    grants_of,
    lock_target,
    require_can_grant,
    require_on,
    require_one_target,
    upsert_grant,
)
from credentials.models import Grant
from credentials.permissions import Permissions, read_permissions
from credentials.policies import agent_ids
from credentials.principals import Principal, lock_principal, require_one_principal
from credentials.shapes.credentials import (
    ChangedGrantOut,
    ChangedGrantsOut,
    ChangeGrant,
    ChangeGrants,
    TermsOut,
)
from foundation.db.ids import parse_public_id
from foundation.errors import Invalid, PreconditionFailed
from tenants.memberships import ActiveMembership, active_membership

Cell = tuple[Principal, GrantTarget, ChangeGrant]


class _OnlyAsked(Exception):
    """Ends the savepoint of a dry run."""


def change_grants(actor: Actor, request: ChangeGrants) -> ChangedGrantsOut:
    """Give, change and take away grants, all of them or none; answers what was and what is.

    Each change needs what it would need by itself. PreconditionFailed when a cell is not what
    `expected` says. With `dryRun` nothing changes and no entry is written.
    """
    wishes = [_wish(change) for change in request.changes]
    if len({(subject, one.key, one.folder_path) for subject, one in wishes}) < len(wishes):
        raise Invalid("changes: two of them are about the same grant.", "changes")
    with audited(actor, Action.CHANGE_GRANTS, Event.GRANT_BULK_CHANGED) as entry:
        stands = active_membership(actor)
        held = read_permissions(actor, stands)
        cells = _held_cells(actor, held, entry, wishes)
        made: list[ChangedGrantOut] = []
        try:
            with transaction.atomic():
                made = [_change(actor, stands, held, cell) for cell in cells]
                if request.dry_run:
                    raise _OnlyAsked
        except _OnlyAsked:
            entry.discard()
        entry.set_fields(credential_id=None, credential_key="")
        entry.add_details(changes=len(made))
    return ChangedGrantsOut(dry_run=request.dry_run, changes=made)


def _wish(change: ChangeGrant) -> tuple[Principal, ChangeGrant]:
    require_one_target(change.key, change.folder_path)
    return require_one_principal(change), change


def _held_cells(
    actor: Actor, held: Permissions, entry: EntryDraft, wishes: list[tuple[Principal, ChangeGrant]]
) -> list[Cell]:
    """Subjects first, then things, each in one order, so that two lists cannot wait for each
    other.
    """
    for subject in sorted({subject for subject, _ in wishes}):
        lock_principal(actor, subject)
    names = sorted({(one.key, one.folder_path) for _, one in wishes}, key=repr)
    things = {name: lock_target(actor, held, entry, *name) for name in names}
    return [(subject, things[one.key, one.folder_path], one) for subject, one in wishes]


def _change(
    actor: Actor, stands: ActiveMembership, held: Permissions, cell: Cell
) -> ChangedGrantOut:
    subject, thing, change = cell
    require_on(Action.GIVE_GRANT, held, thing)
    grant = grants_of(actor, subject, thing).first()
    before = terms_of(grant) if grant else None
    _require_expected(change, before)
    after = _terms(actor, change)
    if after is None:
        return _take_away(actor, subject, thing, grant)
    require_can_grant(actor, stands, held, thing, after)
    return _give(actor, subject, thing, before, after)


def _give(
    actor: Actor, subject: Principal, thing: GrantTarget, before: Terms | None, after: Terms
) -> ChangedGrantOut:
    draft = EntryDraft(Event.GRANT_CREATED)
    earlier = grants_of(actor, subject, thing).first()
    told = changed_out(actor, earlier, before, after) if earlier else None
    upsert_grant(actor, draft, subject, thing, after)
    if not draft.discarded:
        record(actor, draft)
    return told or changed_out(actor, grants_of(actor, subject, thing).get(), before, after)


def _take_away(
    actor: Actor, subject: Principal, thing: GrantTarget, grant: Grant | None
) -> ChangedGrantOut:
    if grant is None:
        nothing = Grant(
            tenant_id=actor.tenant_id,
            credential=thing.credential,
            folder=thing.folder,
            **subject.lookup,
        )
        return changed_out(actor, nothing, None, None)
    told = changed_out(actor, grant, terms_of(grant), None)
    draft = EntryDraft(Event.GRANT_REMOVED)
    delete_grant(actor, draft, grant, "grant removed", by_time=False)
    record(actor, draft)
    return told


def _terms(actor: Actor, change: ChangeGrant) -> Terms | None:
    if change.level is None:
        return None
    agents = agent_ids(actor, change.agents)
    return Terms(
        Level.of(change.level), change.expires_at, None if agents is None else frozenset(agents)
    )


def _require_expected(change: ChangeGrant, before: Terms | None) -> None:
    if "expected" in change.model_fields_set and _seen(change.expected) != before:
        raise PreconditionFailed(
            "A grant was changed by somebody else meanwhile; look at it again.",
            key=change.key,
            folderPath=change.folder_path,
        )


def _seen(told: TermsOut | None) -> Terms | None:
    if told is None:
        return None
    agents = told.agents
    ids = None if agents is None else frozenset(parse_public_id("agent", one) for one in agents)
    return Terms(Level.of(told.level), told.expires_at, ids)
