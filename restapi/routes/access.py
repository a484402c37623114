"""Who may use what: grants, what follows from them, requests for access."""

from credentials import operations as credentials
from foundation.errors import (
    ApprovalPending,
    Conflict,
    CredentialNotFound,
    FolderNotFound,
    NotFound,
)
from restapi.routes.route import Route, section

THINGS = (CredentialNotFound, FolderNotFound)
REQUEST = "access-requests/{requestId}"
CREDENTIAL_REQUEST = "credential-requests/{requestId}"

ROUTES = (
    *section(
        "Grants",
        Route(
            credentials.list_grants,
            "GET",
            "grants",
            "List grants: on a credential or folder, of a subject, or of the whole tenant",
            errors=(*THINGS, NotFound),
        ),
        Route(
            credentials.give_grant,
            "POST",
            "grants",
            "Give a level on a credential or folder, or change an existing grant",
            errors=(*THINGS, NotFound),
        ),
        Route(
            credentials.change_grants,
            "POST",
            "grants/bulk",
            "Give, change and remove many grants, all of them or none",
            errors=(*THINGS, NotFound),
        ),
        Route(
            credentials.remove_grant,
            "DELETE",
            "grants/{grantId}",
            "Remove a grant; the leases that depend on it end",
        ),
    ),
    *section(
        "Reach",
        Route(
            credentials.show_access,
            "GET",
            "access",
            "Show who can use a credential or folder, and by which rule",
            errors=THINGS,
        ),
        Route(
            credentials.show_reach,
            "GET",
            "reach",
            "Show what a person, group or service account can use, and by which rule",
            errors=(NotFound,),
        ),
        Route(
            credentials.show_matrix,
            "GET",
            "matrix",
            "Show the table of subjects and folders or credentials, with their grants",
            errors=(FolderNotFound,),
        ),
    ),
    *section(
        "Access requests",
        Route(
            credentials.list_access_requests,
            "GET",
            "access-requests",
            "List requests for access: your own, and those you may decide on",
        ),
        Route(
            credentials.request_access,
            "POST",
            "access-requests",
            "Request a level on a credential or folder; a person decides at the console",
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
    *section(
        "Credential requests",
        Route(
            credentials.list_credential_requests,
            "GET",
            "credential-requests",
            "List requests for missing credentials: your own, and those you may fulfil",
        ),
        Route(
            credentials.request_credential,
            "POST",
            "credential-requests",
            "Ask people to store a credential; answers it once it exists",
            errors=(ApprovalPending, Conflict),
        ),
        Route(
            credentials.show_credential_request,
            "GET",
            CREDENTIAL_REQUEST,
            "Show a request for a missing credential",
        ),
        Route(
            credentials.withdraw_credential_request,
            "POST",
            f"{CREDENTIAL_REQUEST}/withdraw",
            "Withdraw your own request for a credential",
            errors=(Conflict,),
        ),
    ),
)
