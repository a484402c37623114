"""The table of routes: everything that programs can do, one row an operation."""

from restapi.routes import (
    access,
    agents,
    audit,
    credentials,
    keys,
    leases,
    members,
    rotations,
    settings,
)
from restapi.routes.route import Route

ROUTES: tuple[Route, ...] = (
    *credentials.ROUTES,
    *rotations.ROUTES,
    *leases.ROUTES,
    *access.ROUTES,
    *members.ROUTES,
    *agents.ROUTES,
    *settings.ROUTES,
    *keys.ROUTES,
    *audit.ROUTES,
)
