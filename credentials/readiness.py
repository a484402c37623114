"""Whether this process could open what is sealed, asked before anybody needs it."""

from access.tenancy import tenant_transaction
from credentials.envelope import require_openable
from credentials.models import KeyState, TenantKey
from tenants.models import Tenant

SAMPLE = 3


def require_openable_keys() -> None:
    """Raise Unavailable when the root key does not open the newest and oldest tenants' keys."""
    tenants = Tenant.objects.order_by("pk").values_list("pk", flat=True)
    for tenant_id in {*tenants[:SAMPLE], *tenants.reverse()[:SAMPLE]}:
        with tenant_transaction(tenant_id):
            for key in TenantKey.objects.filter(state=KeyState.ACTIVE, tenant_id=tenant_id):
                require_openable(key)
