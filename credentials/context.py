"""The context of operations on credentials: what the actor may do, read once in the transaction."""

from dataclasses import dataclass

from access.levels import Level
from audit.operation import OperationDecorator
from credentials.models import Credential
from credentials.permissions import Permissions, find_credential, read_permissions, require_level
from tenants.context import TenantContext


@dataclass
class CredentialContext(TenantContext):
    """A running operation of somebody on credentials and folders."""

    _permissions: Permissions | None = None

    @property
    def permissions(self) -> Permissions:
        """What the actor may do in the tenant now."""
        if self._permissions is None:
            self._permissions = read_permissions(self.actor, self.membership)
        return self._permissions

    def reread_permissions(self) -> Permissions:
        """After a change of grants or places in this transaction: read them again."""
        self._permissions = None
        return self.permissions

    def find(self, key: str, *, lock: bool = False) -> Credential:
        """The credential with that key, named in the entry; `require` decides who may see it."""
        return find_credential(self.actor, key, self.entry, lock=lock)

    def require(self, credential: Credential) -> Level:
        """The actor's level on a credential: 404 below viewer, 403 below what the action needs."""
        level = self.permissions.on(credential)
        require_level(self.action, level, credential.key)
        return level


operation = OperationDecorator(CredentialContext)
