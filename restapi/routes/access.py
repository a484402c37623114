"""Who may use what: grants, what follows from them, requests for access."""

from credentials import operations as credentials
from foundation.errors import (
    Conflict,
    CredentialNotFound,
    FolderNotFound,
    NotFound,
)
from restapi.routes.route import Route, section

THINGS = (CredentialNotFound, FolderNotFound)
REQUEST = "access-requests/{requestId}"

ROUTES = (
    *section(
        "Grants",
        Route(
            credentials.list_grants,
            "GET",
            "grants",
            "List grants: those on a thing, those of a subject, or all of the tenant",
            errors=(*THINGS, NotFound),
        ),
        Route(
            credentials.give_grant,
            "POST",
            "grants",
            "Give a level on a credential or folder, or change the grant that is there",
            errors=(*THINGS, NotFound),
        ),
        Route(
            credentials.change_grants,
            "POST",
            "grants/bulk",
            "Give, change and take away many grants, all of them or none",
            errors=(*THINGS, NotFound),
        ),
        Route(
            credentials.remove_grant,
            "DELETE",
            "grants/{grantId}",
            "Take a grant away; the leases that lived by it end",
        ),
    ),
    *section(
        "Reach",
        Route(
            credentials.show_access,
            "GET",
            "access",
            "Show who reaches a credential or folder, and by which rule",
            errors=THINGS,
        ),
        Route(
            credentials.show_reach,
            "GET",
            "reach",
            "Show what a person, group or service account reaches, and by which rule",
            errors=(NotFound,),
        ),
        Route(
            credentials.show_matrix,
            "GET",
            "matrix",
            "Set subjects against folders and credentials, with each one's grants",
            errors=(FolderNotFound,),
        ),
    ),
    *section(
        "Access requests",
        Route(
            credentials.list_access_requests,
            "GET",
            "access-requests",
            "List requests for access: your own, and those you could decide on",
        ),
        Route(
            credentials.request_access,
            "POST",
            "access-requests",
            "Ask for a level on a credential or folder; a person decides at the console",
            errors=(*THINGS, Conflict),
        ),
        Route(
            credentials.show_access_request,
            "GET",
            REQUEST,
            "Show a request for access and earlier ones like it",
        ),
        Route(
            credentials.withdraw_access_request,
            "POST",
            f"{REQUEST}/withdraw",
            "Withdraw your own request for access",
            errors=(Conflict,),
        ),
    ),
)
