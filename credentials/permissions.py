"""Who holds which level on what: one place decides, for one credential and for lists alike."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level
from audit.recording import EntryDraft
from credentials.models import Credential, Folder, Grant, State
from credentials.permission_errors import insufficient_level
from foundation.db.clock import DatabaseClock
from foundation.errors import CredentialNotFound
from tenants.memberships import ActiveMembership
from tenants.models import GroupMember


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the actor holds in the tenant at this moment."""

    base_level: Level
    folders: dict[str, Level]
    credentials: dict[UUID, Level]
    only: frozenset[UUID] | None = None

    def on_folder(self, path: str) -> Level:
        """The highest level that the floor, this folder or one above it gives; nothing for a token
        that is narrowed to credentials.
        """
        return Level.NONE if self.only is not None else self._inherited(path)

    def on(self, credential: Credential) -> Level:
        """The highest level that anything gives on this credential."""
        if self.only is not None and credential.pk not in self.only:
            return Level.NONE
        own = self.credentials.get(credential.pk, Level.NONE)
        return max(own, self._inherited(credential.folder.path))

    def visible(self) -> Q:
        """The condition for what the actor may see; the SQL twin of `on(…) ≥ viewer`."""
        return self.at_least(Level.VIEWER)

    def at_least(self, level: Level, row: str = "") -> Q:
        """The condition for credentials on which the actor holds `level`; `row` leads to them from
        other rows (`credential__`). Never empty: that would vanish where it is joined to others.
        """
        allowed = Q(**{f"{row}pk__isnull": False})
        if self.only is not None:
            allowed = Q(**{f"{row}pk__in": self.only})
        if self.base_level >= level:
            return allowed
        own = [one for one, held in self.credentials.items() if held >= level]
        held_on = Q(**{f"{row}pk__in": own})
        for path, held in self.folders.items():
            if held >= level:
                held_on |= below(f"{row}folder__path", path)
        return allowed & held_on

    def folders_at_least(self, level: Level, column: str = "path") -> Q:
        """The condition for folders on which the actor holds `level`: the twin of `on_folder`."""
        if self.only is not None:
            return Q(pk=None)
        if self.base_level >= level:
            return below(column, "")
        held_on = Q(pk=None)
        for path, held in self.folders.items():
            if held >= level:
                held_on |= below(column, path)
        return held_on

    def _inherited(self, path: str) -> Level:
        return max(
            [self.base_level, *(self.folders.get(one, Level.NONE) for one in ancestors(path))]
        )


def read_permissions(actor: Actor, stands: ActiveMembership) -> Permissions:
    """Read the actor's grants; expired ones and those for other agents do not count."""
    if stands.base_level is Level.ADMIN:
        return Permissions(Level.ADMIN, {}, {}, actor.allowed_credentials)
    folders: dict[str, Level] = {}
    credentials: dict[UUID, Level] = {}
    for grant in living_grants(actor):
        level = Level.of(grant.level)
        if grant.credential_id:
            credentials[grant.credential_id] = max(
                level, credentials.get(grant.credential_id, Level.NONE)
            )
        elif grant.folder:
            path = grant.folder.path
            folders[path] = max(level, folders.get(path, Level.NONE))
    return Permissions(stands.base_level, folders, credentials, actor.allowed_credentials)


def living_grants(actor: Actor, which: Q | None = None) -> list[Grant]:
    """The living grants of the actor: their own and those of the groups they are in."""
    rows = Grant.objects.of(actor).filter(_given_to(actor), in_force(), which or Q())
    return [
        grant
        for grant in rows.select_related("folder")
        if grant.agents is None or actor.agent_id in grant.agents
    ]


def in_force() -> Q:
    """The condition for grants whose time is not over, by the database's clock."""
    return Q(expires_at=None) | Q(expires_at__gt=DatabaseClock())


def _given_to(actor: Actor) -> Q:
    if actor.service_account_id is not None:
        return Q(service_account_id=actor.service_account_id)
    if actor.person_id is None:
        return Q(pk=None)
    groups = GroupMember.objects.of(actor).filter(person_id=actor.person_id)
    return Q(person_id=actor.person_id) | Q(group_id__in=groups.values("group_id"))


def ancestors(path: str) -> list[str]:
    """The folder itself and every folder above it, the root ("") included."""
    parts = path.split("/") if path else []
    return ["", *("/".join(parts[: end + 1]) for end in range(len(parts)))]


def path_of(thing: Credential | Folder) -> str:
    """The folder itself, or the one that the credential is in."""
    return thing.path if isinstance(thing, Folder) else thing.folder.path


def grants_that_reach(thing: Credential | Folder) -> Q:
    """The condition for grants on the thing or on a folder that it is in."""
    inherited = Q(folder__path__in=ancestors(path_of(thing)))
    return inherited | Q(credential=thing) if isinstance(thing, Credential) else inherited


def below(column: str, path: str) -> Q:
    """A folder and everything under it, as a range that row-level security lets use an index.

    `0` is the character after `/` in the C collation. Everything is under the root; an empty
    condition would say so too, but vanishes where it is joined to others.
    """
    if not path:
        return Q(**{f"{column}__isnull": False})
    return Q(**{column: path}) | Q(**{f"{column}__gt": f"{path}/", f"{column}__lt": f"{path}0"})


def require_level(action: Action, held: Level, key: str) -> None:
    """Not found below viewer, permission denied below what the action asks for."""
    if held < Level.VIEWER:
        raise CredentialNotFound()
    needed = RULES[action].level or Level.VIEWER
    if held < needed:
        raise insufficient_level(needed, held, key=key)


def find_credential(actor: Actor, key: str, entry: EntryDraft, *, lock: bool = False) -> Credential:
    """The tenant's credential with that key; who may see it is decided after, by `require_permission`.

    CredentialNotFound for unknown, foreign and deleted. `entry` names one that exists, so that a
    refusal stands in its trail; what was asked for and is not there may be anything, a pasted
    secret too, and is not written down.
    """
    rows = Credential.objects.of(actor).exclude(state=State.DELETED).filter(key=key)
    # A folder that was joined to a row that had to be waited for may be the one before a move.
    credential = (rows.locked() if lock else rows.select_related("folder")).first()
    if credential is None:
        raise CredentialNotFound()
    entry.set_fields(credential_id=credential.pk, credential_key=credential.key)
    return credential


def require_permission(
    actor: Actor, stands: ActiveMembership, credential: Credential, action: Action
) -> Level:
    """The actor's level on it; CredentialNotFound when invisible, Denied when too little."""
    held = read_permissions(actor, stands).on(credential)
    require_level(action, held, credential.key)
    return held
