"""The table of routes: everything that programs can do, one row an operation."""

from restapi.routes import (
    access,
    audit,
    credentials,
    keys,
    leases,
    machines,
    people,
    rotations,
    settings,
)
from restapi.routes.route import Route

ROUTES: tuple[Route, ...] = (
    *credentials.ROUTES,
    *rotations.ROUTES,
    *leases.ROUTES,
    *access.ROUTES,
    *people.ROUTES,
    *machines.ROUTES,
    *settings.ROUTES,
    *keys.ROUTES,
    *audit.ROUTES,
)
