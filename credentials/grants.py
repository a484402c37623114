"""The steps that every change of grants is made of; the operations combine them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from access.actor import Actor
from access.levels import Level
from access.revocation import announce_revoked
from audit.events import Event
from audit.recording import EntryDraft
from credentials.context import CredentialContext
from credentials.grant_terms import Terms, current_terms, ends_no_earlier, is_covered
from credentials.lease_counts import leases_that_end
from credentials.models import Credential, Folder, Grant
from credentials.permissions import Permissions, insufficient_level
from credentials.principals import Principal, principal_of, principal_out, revocations_of
from credentials.shapes.grants import ChangedGrantOut, GrantOut, TermsOut
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from foundation.errors import CredentialNotFound, Denied, FolderNotFound, Invalid


@dataclass(frozen=True, slots=True)
class GrantTarget:
    """What a grant is on: exactly one of a credential or a folder."""

    credential: Credential | None
    folder: Folder | None

    @property
    def row(self) -> Credential | Folder:
        """Whichever of the two it is."""
        row = self.credential or self.folder
        assert row is not None
        return row

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

    def level(self, permissions: Permissions) -> Level:
        """The level that somebody has on it."""
        if self.credential is not None:
            return permissions.on(self.credential)
        return permissions.on_folder(self.path)


def require_one_target(key: str | None, folder_path: str | None) -> None:
    """Refuse both and neither."""
    if (key is None) == (folder_path is None):
        raise Invalid("Exactly one of key or folderPath must be given.", "key")


def find_target(
    context: CredentialContext, key: str | None, folder_path: str | None, *, lock: bool = False
) -> GrantTarget:
    """The credential or folder; 404 when the actor may not see it.

    With `lock` a credential is locked against leases being issued, a folder against moves.
    """
    permissions = context.permissions
    if key is not None:
        credential = context.find(key, lock=lock)
        context.require(credential, Level.VIEWER)
        return GrantTarget(credential, None)
    path = folder_path or ""
    rows = Folder.objects.of(context.actor)
    folder = (rows.select_for_update(no_key=True) if lock else rows).filter(path=path).first()
    if folder is None or permissions.on_folder(path) < Level.VIEWER:
        raise FolderNotFound()
    return GrantTarget(None, folder)


def require_on(context: CredentialContext, target: GrantTarget) -> Level:
    """The actor's level on a target: 404 below viewer, 403 below what the action needs."""
    level = target.level(context.permissions)
    if level < Level.VIEWER:
        raise CredentialNotFound if target.credential else FolderNotFound
    if level < context.needed_level:
        raise insufficient_level(context.needed_level, level, key=target.key, folder=target.path)
    return level


def grants_of(actor: Actor, subject: Principal, target: GrantTarget) -> QuerySet[Grant]:
    """The grant, at most one, that a subject has on a target."""
    return with_names(
        Grant.objects.of(actor).filter(
            credential=target.credential, folder=target.folder, **subject.lookup
        )
    )


def with_names(rows: QuerySet[Grant]) -> QuerySet[Grant]:
    """With everything that an answer names."""
    return rows.select_related(
        "credential__folder", "folder", "person", "group", "service_account", "given_by"
    )


def require_can_grant(context: CredentialContext, target: GrantTarget, terms: Terms) -> None:
    """`admin` on the target is needed; nobody gives more, or for longer, than they have."""
    own = require_on(context, target)
    if terms.level > own:
        raise Denied("Nobody can give more than they hold.")
    if terms.until is not None and terms.until <= database_now():
        raise Invalid("expiresAt: must lie in the future.", "expiresAt")
    if not context.membership.is_admin:
        _require_covered(terms, current_terms(context, target.row))


def _require_covered(given: Terms, current: list[Terms]) -> None:
    """Refuse to give more than the giver's own `admin` covers.

    Otherwise somebody who has it until some day, or through some agents, could keep it by giving
    it to themselves.
    """
    own = [terms for terms in current if terms.level is Level.ADMIN]
    if is_covered(given, own):
        return
    ends = [terms.until for terms in own if terms.until is not None]
    if len(ends) == len(own) and not ends_no_earlier(max(ends), given.until):
        raise Denied(f"Nobody can give more than they hold: yours ends at {max(ends).isoformat()}.")
    raise Denied("Nobody can give more than they hold: yours is limited to some agents.")


def upsert_grant(
    actor: Actor, entry: EntryDraft, subject: Principal, target: GrantTarget, terms: Terms
) -> Grant:
    """Give the subject these terms on the target; giving the same again changes nothing.

    Giving less than before ends the leases that depended on it. `entry` describes the change, or
    is discarded. The caller checked permissions.
    """
    grant = grants_of(actor, subject, target).first()
    before = Terms.of(grant) if grant else None
    if grant is None:
        grant = Grant(tenant_id=actor.tenant_id, **subject.lookup)
    else:
        entry.event = Event.GRANT_CHANGED
    if before == terms:
        entry.discard()
    else:
        grant.credential, grant.folder = target.credential, target.folder
        grant.level, grant.expires_at = terms.level.word, terms.until
        grant.agents = None if terms.agents is None else sorted(terms.agents)
        grant.given_by_id = actor.person_id
        grant.save()
        if before is not None and terms.gives_less_than(before):
            _end_leases(actor, grant, "grant lowered")
    describe(entry, grant)
    return grant


def delete_grant(
    actor: Actor, entry: EntryDraft, grant: Grant, reason: str, *, by_time: bool
) -> None:
    """Delete a grant and end the leases that depended on it."""
    describe(entry, grant)
    _end_leases(actor, grant, reason, by_time=by_time)
    grant.delete()


def _end_leases(actor: Actor, grant: Grant, reason: str, *, by_time: bool = False) -> None:
    for ended in revocations_of(actor, grant, reason, by_time=by_time):
        announce_revoked(actor, ended)


def describe(entry: EntryDraft, grant: Grant) -> None:
    """Name a grant, its subject and its target in an entry."""
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
    """The terms as a shape."""
    return None if terms is None else TermsOut.model_validate(_terms(terms))


def _terms(terms: Terms) -> dict[str, object]:
    agents = terms.agents
    return {
        "level": terms.level.word,
        "expires_at": terms.until,
        "agents": None if agents is None else sorted(public_id("agent", pk) for pk in agents),
    }


def grant_out(grant: Grant) -> GrantOut:
    """The grant as a shape; needs the rows that `with_names` reads."""
    return GrantOut.model_validate(
        {
            **_terms(Terms.of(grant)),
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
    """One change as a shape; called before the leases end that it counts."""
    less = before is not None and (after is None or after.gives_less_than(before))
    ends = revocations_of(actor, grant, "") if less else []
    return ChangedGrantOut(
        subject=principal_out(grant),
        key=grant.credential.key if grant.credential else None,
        folder_path=grant.folder.path if grant.folder else None,
        before=terms_out(before),
        after=terms_out(after),
        ends_leases=sum(leases_that_end(actor, ended) for ended in ends),
    )
