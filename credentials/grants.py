"""The steps that every change of grants is made of; the operations put them together."""

from dataclasses import dataclass

from django.db.models import QuerySet

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level
from access.revocation import announce_revoked
from audit.events import Event
from audit.recording import EntryDraft
from credentials.grant_terms import Terms, ends_no_earlier, is_covered, terms_held, terms_of
from credentials.lease_counts import leases_that_end
from credentials.models import Credential, Folder, Grant
from credentials.permission_errors import insufficient_level
from credentials.permissions import Permissions, find_credential, require_level
from credentials.principals import Principal, principal_of, principal_out, revocations_of
from credentials.shapes.credentials import ChangedGrantOut, GrantOut, TermsOut
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.errors import CredentialNotFound, Denied, FolderNotFound, Invalid
from tenants.memberships import ActiveMembership


@dataclass(frozen=True, slots=True)
class GrantTarget:
    """What a grant is on: exactly one of a credential or a folder."""

    credential: Credential | None
    folder: Folder | None

    @property
    def it(self) -> Credential | Folder:
        """The one of them."""
        thing = self.credential or self.folder
        assert thing is not None
        return thing

    @property
    def path(self) -> str:
        """The folder, or the one that the credential is in."""
        if self.credential is not None:
            return self.credential.folder.path
        assert self.folder is not None
        return self.folder.path

    @property
    def key(self) -> str:
        """The credential's key; empty for a folder."""
        return self.credential.key if self.credential else ""


def require_one_target(key: str | None, folder_path: str | None) -> None:
    """Refuse both and neither."""
    if (key is None) == (folder_path is None):
        raise Invalid("Exactly one of key or folderPath must be given.", "key")


def lock_target(
    actor: Actor, held: Permissions, entry: EntryDraft, key: str | None, folder_path: str | None
) -> GrantTarget:
    """The credential or folder, locked: a credential against leases being issued, a folder against
    moves; what the actor may not even see is not found, as if it did not exist.
    """
    if key is not None:
        return _seen_credential(held, find_credential(actor, key, entry, lock=True))
    locked = Folder.objects.of(actor).select_for_update(no_key=True)
    return _seen_folder(held, folder_path or "", locked)


def find_target(
    actor: Actor, held: Permissions, entry: EntryDraft, key: str | None, folder_path: str | None
) -> GrantTarget:
    """The same where nothing is to be changed: not locked."""
    if key is not None:
        return _seen_credential(held, find_credential(actor, key, entry))
    return _seen_folder(held, folder_path or "", Folder.objects.of(actor))


def _seen_credential(held: Permissions, credential: Credential) -> GrantTarget:
    require_level(Action.DESCRIBE_CREDENTIAL, held.on(credential), credential.key)
    return GrantTarget(credential, None)


def _seen_folder(held: Permissions, path: str, rows: QuerySet[Folder]) -> GrantTarget:
    folder = rows.filter(path=path).first()
    if folder is None or held.on_folder(path) < Level.VIEWER:
        raise FolderNotFound()
    return GrantTarget(None, folder)


def require_on(action: Action, held: Permissions, thing: GrantTarget) -> Level:
    """The actor's level on a thing: not found below viewer, denied below what is needed."""
    own = level_on(held, thing)
    if own < Level.VIEWER:
        raise CredentialNotFound if thing.credential else FolderNotFound
    needed = RULES[action].level or Level.VIEWER
    if own < needed:
        raise insufficient_level(needed, own, key=thing.key, folder=thing.path)
    return own


def level_on(held: Permissions, thing: GrantTarget) -> Level:
    """The actor's level on a thing."""
    return held.on(thing.credential) if thing.credential else held.on_folder(thing.path)


def grants_of(actor: Actor, subject: Principal, thing: GrantTarget) -> QuerySet[Grant]:
    """The at most one grant that a subject has on a thing."""
    return with_names(
        Grant.objects.of(actor).filter(
            credential=thing.credential, folder=thing.folder, **subject.lookup
        )
    )


def with_names(rows: QuerySet[Grant]) -> QuerySet[Grant]:
    """With all that an answer names."""
    return rows.select_related(
        "credential__folder", "folder", "person", "group", "service_account", "given_by"
    )


def require_can_grant(
    actor: Actor, stands: ActiveMembership, held: Permissions, thing: GrantTarget, terms: Terms
) -> None:
    """`admin` there is needed; nobody gives more, or for longer, than they hold."""
    own = require_on(Action.GIVE_GRANT, held, thing)
    if terms.level > own:
        raise Denied("Nobody can give more than they hold.")
    if terms.until is not None and terms.until <= database_now():
        raise Invalid("expiresAt: must lie in the future.", "expiresAt")
    if not stands.is_admin:
        _require_covered(terms, terms_held(actor, stands, thing.it))


def _require_covered(given: Terms, held: list[Terms]) -> None:
    """Refuse to give what goes beyond the `admin` that the giver holds there: who holds it until
    some day, or through some agents, could otherwise keep it by giving it to themselves.
    """
    own = [terms for terms in held if terms.level is Level.ADMIN]
    if is_covered(given, own):
        return
    ends = [terms.until for terms in own if terms.until is not None]
    if len(ends) == len(own) and not ends_no_earlier(max(ends), given.until):
        raise Denied(f"Nobody can give more than they hold: yours ends at {max(ends).isoformat()}.")
    raise Denied("Nobody can give more than they hold: yours is limited to some agents.")


def upsert_grant(
    actor: Actor, entry: EntryDraft, subject: Principal, thing: GrantTarget, terms: Terms
) -> Grant:
    """Give the subject these terms on the thing; giving the same again changes nothing.

    Giving less than before ends the leases that lived by it. `entry` becomes the entry of it, or
    is dropped. Who may do so was checked before.
    """
    grant = grants_of(actor, subject, thing).first()
    before = terms_of(grant) if grant else None
    if grant is None:
        grant = Grant(tenant_id=actor.tenant_id, **subject.lookup)
    else:
        entry.event = Event.GRANT_CHANGED
    if before == terms:
        entry.discard()
    else:
        grant.credential, grant.folder = thing.credential, thing.folder
        grant.level, grant.expires_at = terms.level.word, terms.until
        grant.agents = None if terms.agents is None else sorted(terms.agents)
        grant.given_by_id = actor.person_id
        grant.save()
        if before is not None and gives_less(before, terms):
            end_leases(actor, grant, "grant lowered")
    describe(entry, grant)
    return grant


def delete_grant(
    actor: Actor, entry: EntryDraft, grant: Grant, reason: str, *, by_time: bool
) -> None:
    """Take a grant away; the leases that lived by it end in the same transaction."""
    describe(entry, grant)
    end_leases(actor, grant, reason, by_time=by_time)
    grant.delete()


def end_leases(actor: Actor, grant: Grant, reason: str, *, by_time: bool = False) -> None:
    """Announce the end of what lived by a grant."""
    for ended in revocations_of(actor, grant, reason, by_time=by_time):
        announce_revoked(actor, ended)


def gives_less(before: Terms, after: Terms) -> bool:
    """Whether level or agents shrank; an end in time needs no help, reads check it."""
    fewer = after.agents is not None and (
        before.agents is None or not before.agents <= after.agents
    )
    return fewer or after.level < before.level


def describe(entry: EntryDraft, grant: Grant) -> None:
    """Name a grant, its subject and what it is on in an entry."""
    entry.set_fields(
        credential_id=grant.credential_id,
        credential_key=grant.credential.key if grant.credential else "",
    )
    subject = principal_of(grant)
    entry.add_details(
        grant=public_id("grant", grant.pk),
        level=grant.level,
        folder=grant.folder.path if grant.folder else None,
        expires_at=grant.expires_at.isoformat() if grant.expires_at else None,
        **{subject.kind: str(subject.id)},
    )


def terms_out(terms: Terms | None) -> TermsOut | None:
    """Terms as they are answered."""
    return None if terms is None else TermsOut.model_validate(_terms(terms))


def _terms(terms: Terms) -> dict[str, object]:
    agents = terms.agents
    return {
        "level": terms.level.word,
        "expires_at": terms.until,
        "agents": None if agents is None else sorted(public_id("agent", one) for one in agents),
    }


def grant_out(grant: Grant) -> GrantOut:
    """The grant as it stands."""
    return GrantOut.model_validate(
        {
            **_terms(terms_of(grant)),
            "grant_id": public_id("grant", grant.pk),
            "subject": principal_out(grant),
            "key": grant.credential.key if grant.credential else None,
            "folder_path": grant.folder.path if grant.folder else None,
            "given_by": grant.given_by.email if grant.given_by else None,
            "created_at": grant.created_at,
        }
    )


def changed_out(
    actor: Actor, grant: Grant, before: Terms | None, after: Terms | None
) -> ChangedGrantOut:
    """One change as it is answered; asked before its leases have ended."""
    less = before is not None and (after is None or gives_less(before, after))
    ends = revocations_of(actor, grant, "") if less else []
    return ChangedGrantOut(
        subject=principal_out(grant),
        key=grant.credential.key if grant.credential else None,
        folder_path=grant.folder.path if grant.folder else None,
        before=terms_out(before),
        after=terms_out(after),
        ends_leases=sum(leases_that_end(actor, one) for one in ends),
    )
