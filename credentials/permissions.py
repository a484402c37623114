"""Who has which level on what. One place decides, for single objects and for lists alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from access.actions import RULES, Action
from access.actor import Actor
from access.levels import Level, Role
from access.tenancy import TenantQuerySet, fetch_shared
from audit.recording import EntryDraft
from credentials.models import Credential, Folder, Grant, State
from foundation.db.clock import DatabaseClock
from foundation.db.prepared import Parameter, PreparedQuery, Statement, fetch
from foundation.errors import CredentialNotFound, Denied
from tenants.memberships import ActiveMembership
from tenants.models import GroupMember


@dataclass(frozen=True, slots=True)
class Permissions:
    """What somebody may do in the tenant at this moment."""

    base_level: Level
    folders: dict[str, Level]
    credentials: dict[UUID, Level]
    only: frozenset[UUID] | None = None

    @classmethod
    def of_grants(
        cls, base_level: Level, grants: Iterable[Grant], only: frozenset[UUID] | None = None
    ) -> "Permissions":
        """What the base level and these grants give together; needs the grants' folders."""
        folders: dict[str, Level] = {}
        credentials: dict[UUID, Level] = {}
        for grant in grants:
            level = Level.of(grant.level)
            if grant.credential_id:
                before = credentials.get(grant.credential_id, Level.NONE)
                credentials[grant.credential_id] = max(level, before)
            elif grant.folder:
                path = grant.folder.path
                folders[path] = max(level, folders.get(path, Level.NONE))
        return cls(base_level, folders, credentials, only)

    def on_folder(self, path: str) -> Level:
        """The highest of the base level and the levels on this folder and those above it.

        None for a token that is limited to some credentials.
        """
        return Level.NONE if self.only is not None else self._inherited(path)

    def on(self, credential: Credential) -> Level:
        """The highest level that anything gives on this credential."""
        if self.only is not None and credential.pk not in self.only:
            return Level.NONE
        own = self.credentials.get(credential.pk, Level.NONE)
        return max(own, self._inherited(credential.folder.path))

    @property
    def highest(self) -> Level:
        """The highest level held on anything."""
        return max(self.base_level, *self.folders.values(), *self.credentials.values(), Level.NONE)

    @property
    def see_everything(self) -> bool:
        """Whether no credential or folder of the tenant is hidden."""
        return self.base_level >= Level.VIEWER and self.only is None

    def visible(self) -> Q:
        """The condition for the credentials that may be seen: `on(…) ≥ viewer` in SQL."""
        return self.at_least(Level.VIEWER)

    def at_least(self, level: Level, row: str = "") -> Q:
        """The condition for credentials with at least this level.

        `row` leads to them from other rows (`credential__`). Never empty, because an empty
        condition vanishes when it is joined to others with OR.
        """
        allowed = Q(**{f"{row}pk__isnull": False})
        if self.only is not None:
            allowed = Q(**{f"{row}pk__in": self.only})
        if self.base_level >= level:
            return allowed
        own = [pk for pk, given in self.credentials.items() if given >= level]
        reached = Q(**{f"{row}pk__in": own})
        for path, given in self.folders.items():
            if given >= level:
                reached |= below(f"{row}folder__path", path)
        return allowed & reached

    def folders_at_least(self, level: Level, column: str = "path") -> Q:
        """The condition for folders with at least this level: `on_folder` in SQL."""
        if self.only is not None:
            return Q(pk=None)
        if self.base_level >= level:
            return below(column, "")
        reached = Q(pk=None)
        for path, given in self.folders.items():
            if given >= level:
                reached |= below(column, path)
        return reached

    def _inherited(self, path: str) -> Level:
        above = (self.folders.get(folder, Level.NONE) for folder in ancestors(path))
        return max([self.base_level, *above])


def read_permissions(actor: Actor, membership: ActiveMembership) -> Permissions:
    """What the actor may do; expired grants and those limited to other agents do not count."""
    if membership.base_level is Level.ADMIN:
        return permissions_of(actor, membership, ())
    return permissions_of(actor, membership, fetch(grants_statement(actor)))


def permissions_of(
    actor: Actor, membership: ActiveMembership, grants: Iterable[Grant]
) -> Permissions:
    """What the membership and the rows of `grants_statement` give: nothing to an auditor."""
    if membership.role is Role.AUDITOR:
        return Permissions(Level.NONE, {}, {}, actor.allowed_credentials)
    if membership.base_level is Level.ADMIN:
        return Permissions(Level.ADMIN, {}, {}, actor.allowed_credentials)
    reached = (grant for grant in grants if grant.agents is None or actor.agent_id in grant.agents)
    return Permissions.of_grants(membership.base_level, reached, actor.allowed_credentials)


def grants_statement(actor: Actor) -> Statement[list[Grant]]:
    """Reads the actor's grants that are in force, also those limited to other agents."""
    query = GRANTS_OF_ACCOUNT if actor.service_account_id else GRANTS_OF_PERSON
    return query(tenant=actor.tenant_id, subject=actor.subject)


def active_grants(actor: Actor, condition: Q | None = None) -> list[Grant]:
    """The actor's grants that are in force, those of their groups included."""
    rows = Grant.objects.of(actor).filter(_given_to(actor), in_force(), condition or Q())
    return [
        grant
        for grant in rows.select_related("folder")
        if grant.agents is None or actor.agent_id in grant.agents
    ]


def in_force() -> Q:
    """The condition for grants that have not expired, by the database's clock."""
    return Q(expires_at=None) | Q(expires_at__gt=DatabaseClock())


def _given_to(actor: Actor) -> Q:
    if actor.service_account_id is not None:
        return Q(service_account_id=actor.service_account_id)
    if actor.person_id is None:
        return Q(pk=None)
    return _given_to_person(actor.tenant_id, actor.person_id)


def _given_to_person(tenant_id: UUID | Parameter, person_id: UUID | Parameter) -> Q:
    """To the person or to one of their groups."""
    groups = GroupMember.objects.filter(tenant_id=tenant_id, person_id=person_id)
    return Q(person_id=person_id) | Q(group_id__in=groups.values("group_id"))


def _prepared_grants(condition: Q) -> PreparedQuery[Grant]:
    rows = Grant.objects.filter(condition, tenant_id=Parameter("tenant"))
    return PreparedQuery(lambda: rows.filter(in_force()).select_related("folder"))


GRANTS_OF_ACCOUNT = _prepared_grants(Q(service_account_id=Parameter("subject")))
GRANTS_OF_PERSON = _prepared_grants(_given_to_person(Parameter("tenant"), Parameter("subject")))


def ancestors(path: str) -> list[str]:
    """The folder itself and every folder above it, the root ("") first."""
    parts = path.split("/") if path else []
    return ["", *("/".join(parts[: end + 1]) for end in range(len(parts)))]


def path_of(target: Credential | Folder) -> str:
    """The folder itself, or the one that the credential is in."""
    return target.path if isinstance(target, Folder) else target.folder.path


def grants_that_reach(target: Credential | Folder) -> Q:
    """The condition for grants on the target or on a folder that it is in."""
    inherited = Q(folder__path__in=ancestors(path_of(target)))
    return inherited | Q(credential=target) if isinstance(target, Credential) else inherited


def below(column: str, path: str) -> Q:
    """A folder and everything under it, as a range that row-level security lets use an index."""
    if not path:
        # Never empty, because an empty condition vanishes when it is joined to others with OR.
        return Q(**{f"{column}__isnull": False})
    # `0` is the character after `/` in the C collation.
    return Q(**{column: path}) | Q(**{f"{column}__gt": f"{path}/", f"{column}__lt": f"{path}0"})


def require_level(level: Level, needed: Level, key: str) -> None:
    """404 below viewer, 403 below the needed level."""
    if level < Level.VIEWER:
        raise CredentialNotFound()
    if level < needed:
        raise insufficient_level(needed, level, key=key)


def insufficient_level(needed: Level, level: Level, *, key: str = "", folder: str = "") -> Denied:
    """The refusal, with a link to the form that requests the needed level.

    It is about the credential `key`, or without a key about a folder ("" is the root).
    """
    target = "credential" if key else "folder"
    word = level.word if level > Level.NONE else "none"
    return Denied(
        f"The level {needed.word} is needed on this {target}; you hold {word}.",
        hint=f"Ask an owner or admin of the tenant: {_request_form(needed, key, folder)}",
        requiredLevel=needed.word,
        heldLevel=word,
    )


def _request_form(needed: Level, key: str, folder: str) -> str:
    team = f"{settings.PUBLIC_URL}/team/"
    if key:
        return f"{team}?{urlencode({'ask': key, 'level': needed.word})}"
    fields = {"folder": folder} if folder else {}
    return f"{team}ask/?{urlencode({**fields, 'level': needed.word})}"


def find_credential(actor: Actor, key: str, entry: EntryDraft, *, lock: bool = False) -> Credential:
    """The tenant's credential with that key, named in the entry; permissions are not checked.

    CredentialNotFound for unknown, foreign and deleted keys. Those are not recorded, because what
    was sent as a key may be anything, even a pasted secret.
    """
    # When the row has to be waited for, a folder joined to it may be the one before a move.
    if lock:
        rows = fetch(LOCKED_CREDENTIAL(tenant=actor.tenant_id, key=key))
    else:
        rows = fetch_shared(actor, CREDENTIAL_BY_KEY(tenant=actor.tenant_id, key=key))
    return found_credential(rows, entry)


def found_credential(rows: Sequence[Credential], entry: EntryDraft) -> Credential:
    """The credential in the rows of `CREDENTIAL_BY_KEY`, as `find_credential` answers it."""
    if not rows:
        raise CredentialNotFound()
    entry.set_fields(credential_id=rows[0].pk, credential_key=rows[0].key)
    return rows[0]


def credential_with_key() -> TenantQuerySet[Credential]:
    """The rows of a prepared query for the credential `key` of `tenant`, with its folder."""
    return _with_key().select_related("folder")


def _with_key() -> TenantQuerySet[Credential]:
    rows = Credential.objects.filter(tenant_id=Parameter("tenant"), key=Parameter("key"))
    return rows.exclude(state=State.DELETED)


CREDENTIAL_BY_KEY = PreparedQuery(credential_with_key)
LOCKED_CREDENTIAL = PreparedQuery(lambda: _with_key().locked())


def require_permission(
    actor: Actor, membership: ActiveMembership, credential: Credential, action: Action
) -> Level:
    """The actor's level on a credential: 404 below viewer, 403 below what the action needs."""
    level = read_permissions(actor, membership).on(credential)
    require_level(level, RULES[action].level or Level.VIEWER, credential.key)
    return level
