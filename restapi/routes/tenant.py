"""The tenant itself: its settings, its keys, its audit log."""

from credentials import operations as credentials
from foundation.errors import Conflict
from restapi.routes.route import Route, section
from tenants import operations as tenants
from tenants.audit_export import MEDIA

ROUTES = (
    *section(
        "Settings",
        Route(
            tenants.show_settings,
            "GET",
            "settings",
            "Show the tenant's settings and the lease times to choose from",
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
    *section(
        "Keys",
        Route(
            credentials.list_keys,
            "GET",
            "keys",
            "List the tenant's keys, and how many versions each wraps",
        ),
        Route(credentials.show_key, "GET", "keys/{keyId}", "Show one of the tenant's keys"),
        Route(
            credentials.rotate_tenant_key,
            "POST",
            "keys/rotate",
            "Make a new active key; data keys under older ones are rewrapped in the background",
            status=201,
        ),
        Route(
            credentials.destroy_tenant_key,
            "DELETE",
            "keys/{keyId}",
            "Destroy a key that wraps nothing any more, permanently",
            errors=(Conflict,),
        ),
    ),
    *section(
        "Audit",
        Route(
            tenants.query_audit,
            "GET",
            "audit",
            "Query the audit log, newest entries first; the query is an entry as well",
        ),
        Route(
            tenants.export_audit,
            "GET",
            "audit/export",
            "Export the audit log: one entry per line, as JSON or as a table",
            media=MEDIA,
        ),
        Route(
            tenants.show_audit_entry,
            "GET",
            "audit/{entryId}",
            "Show an entry, and whether its MAC verifies",
        ),
    ),
)
