"""Grants: who may use what, given by those who hold at least as much."""

from datetime import datetime
from uuid import UUID

from access.actions import Action
from access.actor import Actor
from access.endings import Ended, announce
from access.errors import Denied, FolderNotFound, Invalid, NotFound
from access.ids import NO_ID, parse_public_id, public_id
from access.levels import Level
from access.tenancy import database_now
from audit.events import Event
from audit.recording import Draft, audited
from credentials.models import Credential, Folder, Grant
from credentials.policies import agent_ids
from credentials.rights import (
    admin_until,
    find_credential,
    require_level,
    require_right,
    rights,
)
from credentials.shapes import GiveGrant, GrantOut
from tenants.standing import Standing, hold_membership, standing

# Level, end in time, agents it is limited to.
Terms = tuple[str, datetime | None, list[UUID] | None]


def give_grant(actor: Actor, request: GiveGrant) -> GrantOut:
    """Give a member a level on a credential or folder, or change the grant they have there.

    Needs `admin` there; nobody gives more than they hold. Giving less than before ends the leases
    that lived by it; giving the same again changes nothing.
    """
    if (request.key is None) == (request.folder_path is None):
        raise Invalid("Exactly one of key or folderPath must be given.", "key")
    with audited(actor, Action.GIVE_GRANT, Event.GRANT_CREATED) as entry:
        stands = standing(actor)
        person_id = _member(actor, request.person_id)
        credential, folder, held = _target(actor, stands, request, entry)
        level = Level.of(request.level)
        if level > held:
            raise Denied("Nobody can give more than they hold.")
        if request.expires_at and request.expires_at <= database_now():
            raise Invalid("expiresAt: must lie in the future.", "expiresAt")
        if not stands.governs:
            _require_no_longer(actor, request, credential, folder)
        grant = (
            Grant.objects.of(actor)
            .filter(person_id=person_id, credential=credential, folder=folder)
            .first()
        )
        if grant is not None:
            entry.event = Event.GRANT_CHANGED
        grant = grant or Grant(tenant_id=actor.tenant_id, person_id=person_id)
        grant.credential, grant.folder = credential, folder
        _set_terms(actor, entry, grant, request)
        entry.detail(**_facts(grant, request.folder_path))
    return grant_out(grant)


def _require_no_longer(
    actor: Actor, request: GiveGrant, credential: Credential | None, folder: Folder | None
) -> None:
    """Who holds `admin` until some day could otherwise keep it, by giving it to themselves."""
    path = credential.folder.path if credential else folder.path if folder else ""
    until = admin_until(actor, path, credential)
    if until is not None and (request.expires_at is None or request.expires_at > until):
        raise Denied(f"Nobody can give more than they hold: yours ends at {until.isoformat()}.")


def _set_terms(actor: Actor, entry: Draft, grant: Grant, request: GiveGrant) -> None:
    before = (grant.level, grant.expires_at, grant.agents)
    terms = (request.level, request.expires_at, agent_ids(actor, request.agents))
    if entry.event is Event.GRANT_CHANGED and before == terms:
        entry.drop()
        return
    grant.level, grant.expires_at, grant.agents = terms
    grant.given_by_id = actor.person_id
    grant.save()
    if entry.event is Event.GRANT_CHANGED and _gives_less(before, terms):
        _announce(actor, grant, "grant lowered")


def _gives_less(before: Terms, after: Terms) -> bool:
    """Whether level or agents shrank; an end in time needs no help, reads check it."""
    fewer = after[2] is not None and (before[2] is None or not set(before[2]) <= set(after[2]))
    return fewer or Level.of(after[0]) < Level.of(before[0])


def remove_grant(actor: Actor, grant_id: str) -> None:
    """Take a grant away; the leases that lived by it end in the same transaction."""
    with audited(actor, Action.REMOVE_GRANT, Event.GRANT_REMOVED) as entry:
        stands = standing(actor)
        grant = Grant.objects.of(actor).filter(pk=parse_public_id("grant", grant_id)).first()
        if grant is None:
            raise NotFound("There is no such grant.")
        if grant.person_id:
            hold_membership(actor, grant.person_id)
        held = rights(actor, stands)
        on = held.on(grant.credential) if grant.credential else held.on_folder(_path(grant))
        require_level(Action.REMOVE_GRANT, on, grant.credential.key if grant.credential else "")
        entry.about(
            credential_id=grant.credential_id,
            credential_key=grant.credential.key if grant.credential else "",
        )
        entry.detail(**_facts(grant, _path(grant)))
        _announce(actor, grant, "grant removed")
        grant.delete()


def _member(actor: Actor, person: str) -> UUID:
    person_id = parse_public_id("person", person)
    if hold_membership(actor, person_id) is None:
        raise NotFound("There is no such member.")
    return person_id


def _target(
    actor: Actor, stands: Standing, request: GiveGrant, entry: Draft
) -> tuple[Credential | None, Folder | None, Level]:
    if request.key is not None:
        credential = find_credential(actor, request.key, entry, lock=True)
        return credential, None, require_right(actor, stands, credential, Action.GIVE_GRANT)
    path = request.folder_path or ""
    held = rights(actor, stands).on_folder(path)
    folder = Folder.objects.of(actor).filter(path=path).first()
    if folder is None or held < Level.VIEWER:
        raise FolderNotFound()
    require_level(Action.GIVE_GRANT, held, "")
    return None, folder, held


def _announce(actor: Actor, grant: Grant, reason: str) -> None:
    folder = grant.folder.path if grant.folder else None
    announce(
        actor,
        Ended(
            reason=reason,
            person_id=grant.person_id,
            credential_id=grant.credential_id,
            folder_path=folder,
        ),
    )


def _path(grant: Grant) -> str:
    return grant.folder.path if grant.folder else ""


def _facts(grant: Grant, path: str | None) -> dict[str, str | None]:
    return {
        "grant": public_id("grant", grant.pk),
        "person": str(grant.person_id),
        "level": grant.level,
        "folder": path,
        "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
    }


def grant_out(grant: Grant) -> GrantOut:
    """The grant as it stands."""
    return GrantOut.model_validate(
        {
            "grant_id": public_id("grant", grant.pk),
            "person_id": public_id("person", grant.person_id or NO_ID),
            "level": grant.level,
            "key": grant.credential.key if grant.credential else None,
            "folder_path": grant.folder.path if grant.folder else None,
            "expires_at": grant.expires_at,
        }
    )
