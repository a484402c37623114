"""The context of operations in a tenant: the actor's membership, read once in the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from access.actor import Actor
from access.levels import Role
from audit.operation import OperationContext, OperationDecorator
from foundation.db.clock import database_now
from foundation.db.prepared import Statement
from tenants.memberships import (
    ActiveMembership,
    active_membership,
    membership_of_rows,
    membership_statement,
)


@dataclass
class TenantContext(OperationContext):
    """A running operation in a tenant."""

    _membership: ActiveMembership | None = None
    _rows: Sequence[Any] | None = None

    @classmethod
    def opening(cls, actor: Actor) -> Sequence[Statement[Any]]:
        """The membership."""
        return () if actor.is_system else (membership_statement(actor),)

    def take_opening(self, results: Sequence[Any]) -> None:
        """The membership is decided on when it is first asked for."""
        if results:
            self._rows = results[0]

    def authorize(self) -> None:
        """Refuse everybody but owners and admins, or owners, where the rule says so."""
        if self.rule.admins_only or self.rule.owners_only:
            self.membership.require(self.action)

    @property
    def membership(self) -> ActiveMembership:
        """The actor's membership now. Unauthenticated or Denied when it has ended."""
        if self._membership is None:
            if self._rows is None:
                self._note(active_membership(self.actor))
            else:
                self._note(membership_of_rows(self.actor, self._rows))
        assert self._membership is not None
        return self._membership

    @property
    def read_at(self) -> datetime:
        """The database's time when the membership was read, after the operation's locks."""
        if self._rows:
            moment: datetime = self._rows[0].read_at
            return moment
        return database_now()

    def require_membership(self) -> None:
        """Refuse an actor whose membership has ended, where nothing else of it is needed."""
        _ = self.membership

    def share_membership(self) -> ActiveMembership:
        """The membership, locked (shared) so that it cannot end before the transaction does."""
        return self._note(active_membership(self.actor, keep=True))

    def _note(self, membership: ActiveMembership) -> ActiveMembership:
        """The entry names the role and the agent as they are now. Whatever the operation goes on to
        decide, an auditor is refused here.
        """
        self._membership = membership
        self.entry.role, self.entry.agent_name = membership.role, membership.agent_name
        if membership.role is Role.AUDITOR:
            membership.require(self.action)
        return membership


operation = OperationDecorator(TenantContext)
