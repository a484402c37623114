"""The tenant's audit log."""

from access.actions import Action
from access.errors import NotFound
from restapi.routes.route import Route
from tenants import operations
from tenants.audit_shapes import EntryDetail, EntryPage, QueryAudit

ROUTES = (
    Route(
        method="GET",
        path="audit",
        subject="Audit",
        summary="Ask the audit log, the newest entries first; asking is an entry as well",
        operation=operations.query_audit,
        action=Action.QUERY_AUDIT,
        takes=QueryAudit,
        gives=EntryPage,
        errors=(NotFound,),
    ),
    Route(
        method="GET",
        path="audit/{entryId}",
        subject="Audit",
        summary="Show an entry, and whether it is as it was written",
        operation=operations.show_audit_entry,
        action=Action.SHOW_AUDIT_ENTRY,
        gives=EntryDetail,
        errors=(NotFound,),
    ),
)
