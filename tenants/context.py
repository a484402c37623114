"""The context of operations in a tenant: the actor's membership, read once in the transaction."""

from dataclasses import dataclass

from audit.operation import OperationContext, OperationDecorator
from tenants.memberships import ActiveMembership, active_membership


@dataclass
class TenantContext(OperationContext):
    """A running operation in a tenant."""

    _membership: ActiveMembership | None = None

    def authorize(self) -> None:
        """Refuse everybody but owners and admins, or owners, where the rule says so."""
        if self.rule.admins_only or self.rule.owners_only:
            self.membership.require(self.action)

    @property
    def membership(self) -> ActiveMembership:
        """The actor's membership now. Unauthenticated or Denied when it has ended."""
        if self._membership is None:
            self._membership = active_membership(self.actor)
        return self._membership

    def require_membership(self) -> None:
        """Refuse an actor whose membership has ended, where nothing else of it is needed."""
        _ = self.membership

    def share_membership(self) -> ActiveMembership:
        """The membership, locked (shared) so that it cannot end before the transaction does."""
        self._membership = active_membership(self.actor, keep=True)
        return self._membership


operation = OperationDecorator(TenantContext)
