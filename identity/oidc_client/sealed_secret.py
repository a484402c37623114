"""The client's secret at a provider, sealed by the root key and bound to that provider."""

from uuid import UUID

from credentials.keyrings import RootKey, context, root_key
from identity.models import SingleSignOn


def seal_secret(tenant_id: UUID, issuer: str, client_id: str, secret: str) -> bytes:
    """The sealed secret. Raises Unavailable without the root key."""
    return root_key().wrap(secret.encode(), _bound(tenant_id, issuer, client_id))


def open_secret(row: SingleSignOn, root: RootKey | None = None) -> str:
    """The secret. Raises Unavailable when the row was assembled from parts of others, or when
    `root`, in place of the installation's root keys, does not open it.
    """
    bound = _bound(row.tenant_id, row.issuer, row.oauth_client_id)
    return (root or root_key()).unwrap(bytes(row.sealed_secret), bound).decode()


def _bound(tenant_id: UUID, issuer: str, client_id: str) -> bytes:
    return context("single-sign-on", tenant_id, issuer, client_id)
