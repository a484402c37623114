"""Who acts: one frozen value that every operation takes first; workers included, never None."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

from access.actions import RULES, Action, Channel
from access.authentication import ENDED, Authentication
from access.levels import Role
from access.scopes import Scope, satisfies
from foundation.errors import Denied, InsufficientScope, StepUpRequired, Unauthenticated

NO_CLAIMS: Mapping[str, str] = MappingProxyType({})
# Doors that no token or session opens: the operator's shell and the worker.
INSIDE = frozenset({Channel.COMMAND, Channel.WORKER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, an agent of a person, a service account, or a named part of the machinery, in one
    tenant.

    Everything but `claimed` is established by the server; `claimed` is what a client says of
    itself (clientInfo, user agent, toolUseId) and decides nothing. `role` is what the door saw;
    operations read the membership again inside their transaction. `only` narrows a personal token
    to these credentials; None means no such limit. `fresh`: a person at the console who proved who
    they are a short while ago. `authentication`: the token or session behind it, which operations
    check in their transaction.
    """

    tenant_id: UUID
    channel: Channel
    person_id: UUID | None = None
    service_account_id: UUID | None = None
    role: Role | None = None
    client_id: UUID | None = None
    agent_id: UUID | None = None
    agent_name: str = ""
    system: str = ""
    scopes: frozenset[str] = frozenset()
    recently_authenticated: bool = False
    allowed_credentials: frozenset[UUID] | None = None
    token_id: str = ""
    authentication: Authentication | None = field(default=None, repr=False)
    request_id: str = ""
    address: str = ""
    claimed: Mapping[str, str] = field(default_factory=lambda: NO_CLAIMS)

    def require(self, action: Action) -> None:
        """Refuse unless the table lists `action` for this door and the scopes allow it."""
        rule = RULES.get(action)
        if rule is None or self.channel not in rule.channels:
            raise Denied("This cannot be done here.")
        self.require_scope(rule.scope)
        if rule.step_up and self.channel is Channel.CONSOLE and not self.recently_authenticated:
            raise StepUpRequired("Sign in again to do this.")

    def require_scope(self, scope: Scope) -> None:
        """Refuse below `scope`: what an action does beyond its rule, for what is not one's own."""
        if not satisfies(self.scopes, scope):
            raise InsufficientScope(f"The scope {scope} is needed.", required=str(scope))

    def required_authentication(self) -> Authentication:
        """What has to be in force; Unauthenticated for an actor from outside that has none."""
        if self.authentication is not None:
            return self.authentication
        if self.channel in INSIDE:
            return Authentication("true")
        raise Unauthenticated(ENDED)

    @property
    def person(self) -> UUID:
        """The person who acts; Denied for machinery, which holds nothing of its own."""
        if self.person_id is None:
            raise Denied("Only a person can do this.")
        return self.person_id

    @property
    def subject(self) -> UUID:
        """Whoever holds grants and leases: the person or the service account that acts."""
        return self.service_account_id or self.person

    @property
    def is_system(self) -> bool:
        """A worker task or an operator's command, not a person."""
        return bool(self.system)


ALL_SCOPES = frozenset(str(scope) for scope in Scope)


def system_actor(name: str, tenant_id: UUID, channel: Channel = Channel.WORKER) -> Actor:
    """The actor for background work and operator commands, named so that the log can say who."""
    return Actor(tenant_id=tenant_id, channel=channel, system=name, scopes=ALL_SCOPES)
