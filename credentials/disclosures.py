"""Who may be answered a value: the credential's policy within the tenant's settings."""

from django.db.models import Q

from access.actions import Channel
from access.actor import Actor
from access.disclosure import Disclosure, strictest
from access.revocation import TenantDisclosure
from credentials.models import Credential
from foundation.errors import DisclosureDenied, Invalid
from tenants.models import Tenant

HIDDEN = "The policy of this credential does not let a person see its value."


def effective_disclosure(tenant: Tenant, credential: Credential) -> Disclosure:
    """The credential's own, else the tenant's default; never below the tenant's minimum."""
    return effective(settings_of(tenant), credential.disclosure)


def settings_of(tenant: Tenant) -> TenantDisclosure:
    """The tenant's settings of `disclosure`."""
    return TenantDisclosure(tenant.default_disclosure, tenant.minimum_disclosure)


def effective(settings: TenantDisclosure, own: str | None) -> Disclosure:
    """What applies to credentials whose policy says `own`."""
    return strictest(Disclosure(own or settings.default), Disclosure(settings.minimum))


def require_disclosure(actor: Actor, tenant: Tenant, credential: Credential) -> None:
    """Refuse to answer the value through a channel that the policy excludes.

    The console is for people: they see a value after step-up unless the policy's `reveal` forbids
    it.
    """
    if actor.channel is Channel.CONSOLE:
        if credential.reveal == "never":
            raise DisclosureDenied(HIDDEN, hint=_use_instead(credential))
        return
    disclosure = effective_disclosure(tenant, credential)
    if disclosure is Disclosure.BROKER:
        raise DisclosureDenied(
            "The policy of this credential lets only Vault itself use its value (broker).",
            hint=_use_instead(credential),
        )
    if disclosure is Disclosure.PROCESS and not _is_process(actor):
        raise DisclosureDenied(
            "The policy of this credential lets only vaultctl, a personal token or a service "
            "account read its value (process).",
            hint=_use_instead(credential),
        )


def _is_process(actor: Actor) -> bool:
    """Whether a program of the person or the operator reads, and not an agent or its client."""
    return actor.channel is not Channel.MCP and actor.trusted_program


def _use_instead(credential: Credential) -> str:
    command = f"vaultctl run --purpose 'why you need it' -c {credential.key} -- COMMAND"
    return (
        "Call vault.use_credential with the same lease to make one HTTP request with it, or start "
        f"the program that needs it with: {command}"
    )


def require_disclosure_allowed(tenant: Tenant, wanted: str | None) -> None:
    """Refuse a policy below the tenant's minimum."""
    if wanted is not None and (
        Disclosure(wanted).strength < Disclosure(tenant.minimum_disclosure).strength
    ):
        raise Invalid(
            f"disclosure: at least the tenant's minimum, {tenant.minimum_disclosure}.", "disclosure"
        )


def disclosed_to(tenant: Tenant, disclosure: str) -> Q:
    """The condition for credentials to which this `disclosure` applies."""
    own = [choice for choice in Disclosure if effective(settings_of(tenant), choice) == disclosure]
    condition = Q(disclosure__in=own)
    if effective(settings_of(tenant), None) == disclosure:
        condition |= Q(disclosure=None)
    return condition
