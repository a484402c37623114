"""The actor of an operation: one frozen value, never None, also for background work."""

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
# Channels without a token or session: the operator's shell and the worker.
INSIDE = frozenset({Channel.COMMAND, Channel.WORKER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, a person's agent, a service account, or a part of the system, in one tenant.

    The server establishes everything but `claimed`, which a client says of itself (clientInfo, user
    agent, toolUseId). That and `client_name`, which it registered, decide nothing but spellings.
    `role` is what the channel read; operations read the membership again in their transaction.
    `allowed_credentials` narrows a personal token; None means no such limit. `trusted_program`: the
    token is a person's own, a service account's, or of a client that the operator registered, and
    not of one that registered itself. `recently_authenticated` is for step-up at the console.
    `authentication` is the token or session behind the actor, which operations check in their
    transaction.
    """

    tenant_id: UUID
    channel: Channel
    person_id: UUID | None = None
    service_account_id: UUID | None = None
    role: Role | None = None
    client_id: UUID | None = None
    agent_id: UUID | None = None
    agent_name: str = ""
    client_name: str = ""
    system: str = ""
    scopes: frozenset[str] = frozenset()
    trusted_program: bool = False
    recently_authenticated: bool = False
    allowed_credentials: frozenset[UUID] | None = None
    token_id: str = ""
    authentication: Authentication | None = field(default=None, repr=False)
    request_id: str = ""
    address: str = ""
    claimed: Mapping[str, str] = field(default_factory=lambda: NO_CLAIMS)

    def require(self, action: Action) -> None:
        """Refuse unless the table lists `action` for this channel and the scopes allow it."""
        rule = RULES.get(action)
        if rule is None or self.channel not in rule.channels:
            raise Denied("This cannot be done here.")
        self.require_scope(rule.scope)
        if rule.step_up and self.channel is Channel.CONSOLE and not self.recently_authenticated:
            raise StepUpRequired("Sign in again to do this.")

    def require_scope(self, scope: Scope) -> None:
        """Refuse below `scope`: for what an action does beyond its rule."""
        if not satisfies(self.scopes, scope):
            raise InsufficientScope(f"The scope {scope} is needed.", required=str(scope))

    def required_authentication(self) -> Authentication:
        """What must be in force; Unauthenticated for an actor from outside without one."""
        if self.authentication is not None:
            return self.authentication
        if self.channel in INSIDE:
            return Authentication("true")
        raise Unauthenticated(ENDED)

    @property
    def person(self) -> UUID:
        """The person who acts; Denied for the system, which owns nothing."""
        if self.person_id is None:
            raise Denied("Only a person can do this.")
        return self.person_id

    @property
    def subject(self) -> UUID:
        """The holder of grants and leases: the service account or the person that acts."""
        return self.service_account_id or self.person

    @property
    def is_system(self) -> bool:
        """Whether a worker task or an operator's command acts, and not a person."""
        return bool(self.system)


ALL_SCOPES = frozenset(str(scope) for scope in Scope)


def system_actor(name: str, tenant_id: UUID, channel: Channel = Channel.WORKER) -> Actor:
    """The actor of background work and operator commands, named for the log."""
    return Actor(tenant_id=tenant_id, channel=channel, system=name, scopes=ALL_SCOPES)
