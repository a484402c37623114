"""A credential's policy: replaced as a whole and checked against the tenant's limits."""

from uuid import UUID

from access.actor import Actor
from credentials.disclosures import effective_disclosure, require_disclosure_allowed
from credentials.models import Credential
from credentials.shapes.destinations import destinations_out, destinations_wire
from credentials.shapes.policies import PolicyIn, PolicyOut
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import Invalid
from tenants.models import Agent, Tenant

SENT_OVER_HTTP = frozenset({"api-key", "oauth-token", "generic-secret"})


def apply_policy(actor: Actor, tenant: Tenant, credential: Credential, policy: PolicyIn) -> None:
    """Set the credential's policy; Invalid names the part that exceeds the tenant's limits."""
    _require_within_limits(tenant, policy)
    for name in PolicyIn.model_fields:
        setattr(credential, name, getattr(policy, name))
    credential.agents = agent_ids(actor, policy.agents)
    credential.destinations = destinations_wire(policy.destinations)
    if credential.destinations and credential.type not in SENT_OVER_HTTP:
        raise Invalid(
            f"destinations: {', '.join(sorted(SENT_OVER_HTTP))} are sent over HTTP.", "destinations"
        )


def _require_within_limits(tenant: Tenant, policy: PolicyIn) -> None:
    if policy.max_ttl and policy.max_ttl > tenant.max_ttl:
        raise Invalid(f"maxTtl: at most the tenant's {tenant.max_ttl} s.", "maxTtl")
    longest = policy.max_ttl or tenant.max_ttl
    if policy.default_ttl and policy.default_ttl > longest:
        raise Invalid(f"defaultTtl: at most the maximum of {longest} s.", "defaultTtl")
    require_disclosure_allowed(tenant, policy.disclosure)
    if policy.window is not None and policy.window > tenant.max_window:
        raise Invalid(f"window: at most the tenant's {tenant.max_window} s.", "window")


def agent_ids(actor: Actor, given: list[str] | None) -> list[UUID] | None:
    """The ids of the tenant's agents `agent_…`; Invalid when one is not the tenant's."""
    if given is None:
        return None
    ids = [parse_public_id("agent", text) for text in given]
    known = Agent.objects.of(actor).filter(pk__in=ids).count()
    if known != len(set(ids)):
        raise Invalid("agents: one of them is no agent of this tenant.", "agents")
    return ids


def policy_out(tenant: Tenant, credential: Credential) -> PolicyOut:
    """The policy as a shape."""
    agents = credential.agents
    return PolicyOut.model_validate(
        {
            "default_ttl_seconds": credential.default_ttl,
            "max_ttl_seconds": credential.max_ttl,
            "max_active_leases": credential.max_active_leases,
            "max_uses": credential.max_uses,
            "approval": credential.approval,
            "agents": None if agents is None else [public_id("agent", pk) for pk in agents],
            "window_seconds": credential.window,
            "rotate_every_seconds": credential.rotate_every,
            "on_exposure": credential.on_exposure,
            "disclosure": effective_disclosure(tenant, credential),
            "own_disclosure": credential.disclosure,
            "reveal": credential.reveal,
            "destinations": destinations_out(credential.destinations),
        }
    )


def longest_ttl(tenant: Tenant, credential: Credential) -> int:
    """The maximum lease TTL in seconds: the credential's, but never over the tenant's."""
    return min(credential.max_ttl or tenant.max_ttl, tenant.max_ttl)


def usual_ttl(tenant: Tenant, credential: Credential) -> int:
    """The lease TTL in seconds when a request names none."""
    usual = credential.default_ttl or tenant.default_ttl
    return min(usual, longest_ttl(tenant, credential))
