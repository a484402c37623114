"""The tenant's audit log."""

from access.actions import Action
from foundation.errors import NotFound
from restapi.routes.route import Route
from tenants import operations
from tenants.audit_export import MEDIA
from tenants.shapes.audit import EntryDetailOut, EntryPageOut, ExportAudit, QueryAudit

ROUTES = (
    Route(
        method="GET",
        path="audit",
        subject="Audit",
        summary="Ask the audit log, the newest entries first; asking is an entry as well",
        operation=operations.query_audit,
        action=Action.QUERY_AUDIT,
        takes=QueryAudit,
        gives=EntryPageOut,
    ),
    Route(
        method="GET",
        path="audit/export",
        subject="Audit",
        summary="Write the audit log out: one entry a line, as JSON or as a table",
        operation=operations.export_audit,
        action=Action.EXPORT_AUDIT,
        takes=ExportAudit,
        media=MEDIA,
    ),
    Route(
        method="GET",
        path="audit/{entryId}",
        subject="Audit",
        summary="Show an entry, and whether it is as it was written",
        operation=operations.show_audit_entry,
        action=Action.SHOW_AUDIT_ENTRY,
        gives=EntryDetailOut,
        errors=(NotFound,),
    ),
)
