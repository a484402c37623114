"""The tenant's own settings."""

from restapi.routes.route import Route, section
from tenants import operations as tenants

ROUTES = (
    *section(
        "Settings",
        Route(
            tenants.show_settings,
            "GET",
            "settings",
            "Show the tenant's settings and the bands its leases may be chosen from",
            versioned=True,
        ),
        Route(
            tenants.change_settings,
            "PATCH",
            "settings",
            "Change settings of the tenant; what is left out stays",
            versioned=True,
            conditional=True,
        ),
    ),
)
