"""Creating a tenant, and its settings."""

from access.actions import Action, Channel
from access.actor import system_actor
from access.disclosure import Disclosure
from access.levels import Role
from access.revocation import TenantDisclosure, announce_disclosure_changed
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import record_in_transaction
from foundation.errors import Conflict, Invalid, PreconditionFailed
from foundation.schema.durations import DAY
from tenants.context import TenantContext, operation
from tenants.models import HARD_MAXIMUM_TTL, Membership, Person, Tenant
from tenants.shapes.tenants import BandOut, ChangeSettings, SettingsOut, TenantOut
from tenants.ttl_presets import TTL_PRESETS


def create_tenant(slug: str, name: str, owner: Person) -> TenantOut:
    """Create a tenant with its first owner. An operator's command, so there is no actor yet."""
    with tenant_transaction(tenant_id := Tenant().pk):
        if Tenant.objects.filter(slug=slug).exists():
            raise Conflict(f"The tenant {slug} exists already.")
        tenant = Tenant.objects.create(pk=tenant_id, slug=slug, name=name)
        Membership.objects.create(tenant=tenant, person=owner, role=Role.OWNER)
        actor = system_actor("create-tenant", tenant.pk, Channel.COMMAND)
        record_in_transaction(actor, Event.TENANT_CREATED, owner=str(owner.pk))
    return TenantOut(id=tenant.pk, slug=tenant.slug, name=tenant.name)


@operation(Action.SHOW_SETTINGS)
def show_settings(context: TenantContext) -> SettingsOut:
    """All settings, with the TTL presets that leases may be chosen from."""
    return settings_out(context.membership.tenant)


@operation(Action.CHANGE_SETTINGS, Event.TENANT_SETTINGS_UPDATED)
def change_settings(context: TenantContext, request: ChangeSettings) -> SettingsOut:
    """Change the tenant's settings; Invalid when the result breaks one of their rules.

    PreconditionFailed when they were changed since the caller saw them.
    """
    entry = context.entry
    tenant = Tenant.objects.select_for_update().get(pk=context.actor.tenant_id)
    if request.revision not in (None, tenant.revision):
        raise PreconditionFailed("The settings were changed since you read them.")
    sent = request.model_dump(exclude_none=True, exclude={"revision"})
    changed = {name: value for name, value in sent.items() if getattr(tenant, name) != value}
    if not changed:
        entry.discard()
        return settings_out(tenant)
    before = TenantDisclosure(tenant.default_disclosure, tenant.minimum_disclosure)
    for name, value in changed.items():
        setattr(tenant, name, value)
    _require_consistent(tenant)
    tenant.revision += 1
    tenant.save()
    after = TenantDisclosure(tenant.default_disclosure, tenant.minimum_disclosure)
    if after != before:
        announce_disclosure_changed(context.actor, before, after)
    entry.add_details(changed=changed)
    return settings_out(tenant)


def _require_consistent(tenant: Tenant) -> None:
    if not 1 <= tenant.default_ttl <= tenant.max_ttl <= HARD_MAXIMUM_TTL:
        raise Invalid("1 second ≤ default TTL ≤ maximum TTL ≤ 7 days must hold.", "maxTtl")
    if not 0 <= tenant.default_window <= tenant.max_window <= 7 * DAY:
        raise Invalid("0 ≤ default window ≤ maximum window ≤ 7 days must hold.", "maxWindow")
    least, usual = Disclosure(tenant.minimum_disclosure), Disclosure(tenant.default_disclosure)
    if usual.strength < least.strength:
        raise Invalid("The default disclosure is at least the minimum.", "defaultDisclosure")


def settings_out(tenant: Tenant) -> SettingsOut:
    """The settings as a shape."""
    same = (
        "revision",
        "slug",
        "name",
        "mfa_required",
        "baseline_level",
        "max_leases_per_person",
        "max_leases_per_agent",
        "max_credentials_per_agent",
        "retention_days",
        "max_credentials_per_person",
        "self_approval",
        "default_disclosure",
        "minimum_disclosure",
    )
    durations = ("default_ttl", "max_ttl", "default_window", "max_window")
    return SettingsOut.model_validate(
        {
            **{name: getattr(tenant, name) for name in same},
            **{f"{name}_seconds": getattr(tenant, name) for name in durations},
            "bands": bands(tenant),
        }
    )


def bands(tenant: Tenant) -> list[BandOut]:
    """The TTL presets, none over the tenant's maximum."""
    return [
        BandOut(
            name=preset.name,
            default_ttl_seconds=min(preset.default_ttl, tenant.max_ttl),
            max_ttl_seconds=min(preset.max_ttl or tenant.max_ttl, tenant.max_ttl),
        )
        for preset in TTL_PRESETS
    ]
