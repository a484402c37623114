"""The context of operations on credentials: what the actor may do, read once in the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from access.actor import Actor
from access.levels import Level
from access.tenancy import TenantQuerySet
from audit.operation import OperationDecorator
from credentials.models import Credential, Grant, State
from credentials.permissions import (
    Permissions,
    find_credential,
    grants_statement,
    insufficient_level,
    permissions_of,
    read_permissions,
    require_level,
)
from foundation.db.prepared import Statement
from tenants.context import TenantContext


@dataclass
class CredentialContext(TenantContext):
    """A running operation on credentials, folders, grants or leases."""

    _permissions: Permissions | None = None
    _grants: Sequence[Grant] | None = None

    @classmethod
    def opening(cls, actor: Actor) -> Sequence[Statement[Any]]:
        """The membership and the grants; without them for owners and admins, who need none.

        Who was one a moment ago and is not any more has them read later.
        """
        if actor.is_system:
            return ()
        if actor.role is not None and actor.role.is_admin:
            return super().opening(actor)
        return (*super().opening(actor), grants_statement(actor))

    def take_opening(self, results: Sequence[Any]) -> None:
        """Both are decided on when they are first asked for."""
        super().take_opening(results)
        if len(results) > 1:
            self._grants = results[1]

    @property
    def permissions(self) -> Permissions:
        """What the actor may do in the tenant now."""
        if self._permissions is None:
            if self._grants is None:
                self._permissions = read_permissions(self.actor, self.membership)
            else:
                self._permissions = permissions_of(self.actor, self.membership, self._grants)
        return self._permissions

    def reread_permissions(self) -> Permissions:
        """Read them again, after a lock or a change of grants or places in this transaction."""
        self._permissions = self._grants = None
        return self.permissions

    def find(self, key: str, *, lock: bool = False) -> Credential:
        """The credential with that key, named in the entry; `require` decides who may see it."""
        self.require_membership()
        return find_credential(self.actor, key, self.entry, lock=lock)

    def visible_credentials(self) -> TenantQuerySet[Credential]:
        """The rows of all credentials that the actor sees."""
        rows = Credential.objects.of(self.actor).exclude(state=State.DELETED)
        return rows.filter(self.permissions.visible())

    @property
    def needed_level(self) -> Level:
        """The level that the action needs on a single object."""
        return self.rule.level or Level.VIEWER

    def require(self, credential: Credential, needed: Level | None = None) -> Level:
        """The actor's level on a credential: 404 below viewer, 403 below `needed`.

        Without `needed` the level that the action needs.
        """
        level = self.permissions.on(credential)
        require_level(level, needed or self.needed_level, credential.key)
        return level

    def require_folder(self, path: str) -> Level:
        """The actor's level on a folder: 403 below the level that the action needs.

        Never 404: one may create something in a folder that does not exist yet.
        """
        level = self.permissions.on_folder(path)
        if level < self.needed_level:
            raise insufficient_level(self.needed_level, level, folder=path)
        return level


operation = OperationDecorator(CredentialContext)
