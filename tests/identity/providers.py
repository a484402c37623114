"""A tenant's own sign-in provider, for tests."""

from access.tenancy import tenant_transaction
from identity.models import ProviderAccount, SingleSignOn
from tests.people import Somebody

ISSUER = "http://localhost:9"


def with_a_provider(owner: Somebody) -> None:
    """The owner's tenant has a provider, which knows the owner."""
    tenant_id = owner.console.tenant_id
    with tenant_transaction(tenant_id):
        SingleSignOn.objects.create(
            tenant_id=tenant_id, issuer=ISSUER, oauth_client_id="vault", sealed_secret=b""
        )
        ProviderAccount.objects.create(
            tenant_id=tenant_id, person=owner.person, issuer=ISSUER, subject="1"
        )
