"""A tenant's own OpenID provider, and the people it has signed in."""

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from access.tenancy import TenantOwned
from tenants.models import Person, Tenant


class SingleSignOn(TenantOwned):
    """The tenant's own OpenID provider, through which its people may sign in.

    The client's secret is sealed by the root key. Signing in there gives access to this tenant
    only.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=300)
    oauth_client_id = models.CharField(max_length=191)
    sealed_secret = models.BinaryField()
    domains = models.JSONField(default=list)
    creates_members = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    tenant_id: UUID

    class Meta:
        db_table = "single_sign_on"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_provider_per_tenant")]


class ProviderAccount(TenantOwned):
    """A person at the tenant's provider: by issuer and subject, not by an address."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField(db_default=Now())
    tenant_id: UUID
    person_id: UUID

    class Meta:
        db_table = "provider_account"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "issuer", "subject"], name="one_person_per_subject"
            )
        ]
