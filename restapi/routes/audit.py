"""The tenant's audit log."""

from restapi.routes.route import Route, section
from tenants import operations as tenants
from tenants.audit_export import MEDIA

ROUTES = (
    *section(
        "Audit",
        Route(
            tenants.query_audit,
            "GET",
            "audit",
            "Ask the audit log, the newest entries first; asking is an entry as well",
        ),
        Route(
            tenants.export_audit,
            "GET",
            "audit/export",
            "Write the audit log out: one entry a line, as JSON or as a table",
            media=MEDIA,
        ),
        Route(
            tenants.show_audit_entry,
            "GET",
            "audit/{entryId}",
            "Show an entry, and whether it is as it was written",
        ),
    ),
)
