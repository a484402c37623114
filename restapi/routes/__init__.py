"""The table of routes: what programs can do, one row per operation."""

from restapi.routes import (
    access,
    agents,
    credentials,
    leases,
    members,
    tenant,
)
from restapi.routes.route import Route

ROUTES: tuple[Route, ...] = (
    *credentials.ROUTES,
    *leases.ROUTES,
    *access.ROUTES,
    *members.ROUTES,
    *agents.ROUTES,
    *tenant.ROUTES,
)
