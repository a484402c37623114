"""Changing a policy: who may, and which leases end because it discloses less."""

from typing import Any

from access.actor import Actor
from access.disclosure import Disclosure
from access.levels import Level
from access.revocation import AccessRevoked, TenantDisclosure, announce_revoked
from credentials.context import CredentialContext
from credentials.disclosures import effective, effective_disclosure
from credentials.models import Credential
from credentials.permissions import insufficient_level
from credentials.policies import apply_policy
from credentials.shapes.credentials import CreateCredential
from credentials.shapes.policies import PolicyIn

REASON = "the policy discloses less"


def change_policy(context: CredentialContext, credential: Credential, policy: PolicyIn) -> None:
    """Set the policy of a locked credential and end the leases that it takes away.

    Needs `admin`; the action's own level is enough when nothing changes but `disclosure` and
    `reveal`, and those only to something stricter.
    """
    tenant = context.membership.tenant
    before = _fields(credential)
    disclosure = effective_disclosure(tenant, credential)
    apply_policy(context.actor, tenant, credential, policy)
    changed = {name for name, value in _fields(credential).items() if value != before[name]}
    after = effective_disclosure(tenant, credential)
    tightened = (
        bool(changed)
        and changed <= {"disclosure", "reveal"}
        and ("disclosure" not in changed or after.strength > disclosure.strength)
        and ("reveal" not in changed or credential.reveal == "never")
    )
    if not tightened:
        context.require(credential, Level.ADMIN)
    _end_leases(context.actor, disclosure, after, credential_id=credential.pk)


def require_policy_allowed(
    context: CredentialContext, request: CreateCredential, level: Level
) -> None:
    """Refuse a new credential that discloses more than the tenant's default below `admin`."""
    wanted = request.policy.disclosure
    usual = Disclosure(context.membership.tenant.default_disclosure)
    looser = wanted is not None and Disclosure(wanted).strength < usual.strength
    if looser and level < Level.ADMIN:
        raise insufficient_level(Level.ADMIN, level, folder=request.folder_path)


def end_leases_of_tenant(
    actor: Actor, before: TenantDisclosure, after: TenantDisclosure, **_: Any
) -> None:
    """Receiver of `disclosure_changed`: end what the tenant's stricter settings take away."""
    stricter: dict[Disclosure, set[str | None]] = {}
    for own in (None, *Disclosure):
        now = effective(after, own)
        if now.strength > effective(before, own).strength:
            stricter.setdefault(now, set()).add(own)
    for now, own_words in stricter.items():
        _end_leases(actor, Disclosure.MODEL, now, own_disclosures=frozenset(own_words))


def _end_leases(actor: Actor, before: Disclosure, after: Disclosure, **which: Any) -> None:
    if after.strength > before.strength:
        only_agents = after is Disclosure.PROCESS
        announce_revoked(actor, AccessRevoked(reason=REASON, agents_only=only_agents, **which))


def _fields(credential: Credential) -> dict[str, Any]:
    return {name: getattr(credential, name) for name in PolicyIn.model_fields}
