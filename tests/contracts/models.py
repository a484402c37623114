"""The models of the product, found by asking Django."""

from django.apps import apps
from django.db.models import Model

from access.tenancy import TenantOwned

OURS = ("access", "audit", "tenants", "credentials", "leases", "identity", "restapi", "console")


def our_models() -> list[type[Model]]:
    """Every concrete model of our apps."""
    return [model for app in OURS for model in apps.get_app_config(app).get_models()]


TENANT_MODELS = [model for model in our_models() if issubclass(model, TenantOwned)]


def tenant_tables() -> list[str]:
    """The tables of the tenants' models."""
    return sorted(model._meta.db_table for model in TENANT_MODELS)
