"""Leases: issuing, redeeming, ending. A handle travels in bodies only, never in an address."""

from access.actions import Action
from audit.endpoint import Signature
from foundation.errors import (
    ApprovalPending,
    Conflict,
    CredentialNotFound,
    DestinationFailed,
    InvalidHandle,
    LeaseConsumed,
    LeaseExpired,
    LeaseRevoked,
    NotFound,
)
from leases import operations as leases
from leases.handles import recompute_handle
from leases.shapes import UseCredential, UsedOut
from restapi.routes.route import Route, section

OVER = (LeaseExpired, LeaseRevoked, LeaseConsumed)

ROUTES = (
    *section(
        "Leases",
        Route(
            leases.lease_credential,
            "POST",
            "leases",
            "Lease a credential for a time and a purpose; returns a handle to redeem",
            status=201,
            errors=(CredentialNotFound, Conflict, ApprovalPending),
            again={"leaseHandle": lambda actor, kept: recompute_handle(actor, kept["leaseId"])},
        ),
        Route(
            leases.read_credential,
            "POST",
            "leases/read",
            "Redeem a handle for the value; each read counts and is in the audit log",
            errors=(InvalidHandle, *OVER),
            repeatable=False,
        ),
        Route(
            leases.use_credential,
            "POST",
            "leases/use",
            "Make one HTTP request with a leased credential; the answer comes without the value",
            signature=Signature(Action.USE_CREDENTIAL, UseCredential, UsedOut),
            errors=(InvalidHandle, *OVER, Conflict, DestinationFailed),
            repeatable=False,
        ),
        Route(
            leases.renew_lease,
            "POST",
            "leases/renew",
            "Renew a lease of your own, up to its fixed maximum",
            errors=(InvalidHandle, *OVER),
        ),
        Route(
            leases.release_lease,
            "POST",
            "leases/release",
            "Give a lease of your own back; its handle ends at once",
            errors=(InvalidHandle,),
        ),
        Route(
            leases.revoke_lease,
            "POST",
            "leases/{leaseId}/revoke",
            "Revoke somebody's lease at once",
        ),
        Route(
            leases.revoke_leases,
            "POST",
            "leases/revoke",
            "Revoke many leases: on a credential, of an agent, a person, an account",
            errors=(CredentialNotFound, NotFound),
        ),
        Route(
            leases.list_leases,
            "GET",
            "leases",
            "List your own leases, or all of a credential or the tenant; never a handle",
            errors=(CredentialNotFound, NotFound),
        ),
        Route(
            leases.show_lease,
            "GET",
            "leases/{leaseId}",
            "Show a lease: its holder, how it was issued, how it ended; no handle",
        ),
    ),
    *section(
        "Approvals",
        Route(
            leases.list_approvals,
            "GET",
            "approvals",
            "List requests for leases: your own, and those you may decide on",
        ),
        Route(
            leases.show_approval,
            "GET",
            "approvals/{approvalId}",
            "Show a request for a lease; a person decides on it at the console",
        ),
        Route(
            leases.withdraw_lease,
            "POST",
            "approvals/{approvalId}/withdraw",
            "Withdraw your own request for a lease",
            errors=(Conflict,),
        ),
    ),
)
