"""What can be done with leases; one module a subject."""

from leases.operations.approval_decisions import decide_lease, withdraw_lease
from leases.operations.approvals import list_approvals, show_approval
from leases.operations.issue import lease_credential
from leases.operations.overview import show_overview
from leases.operations.queries import list_leases, show_lease
from leases.operations.read import read_credential
from leases.operations.renewal import renew_lease
from leases.operations.revocation import (
    expire_due_lease,
    release_lease,
    revoke_lease,
    revoke_leases,
)
from leases.operations.window_readers import show_readers

__all__ = [
    "decide_lease",
    "expire_due_lease",
    "lease_credential",
    "list_approvals",
    "list_leases",
    "read_credential",
    "release_lease",
    "renew_lease",
    "revoke_lease",
    "revoke_leases",
    "show_approval",
    "show_lease",
    "show_overview",
    "show_readers",
    "withdraw_lease",
]
