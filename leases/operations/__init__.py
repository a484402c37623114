"""What can be done with leases; one module a subject."""

from leases.operations.approvals import list_approvals, show_approval
from leases.operations.approving import decide_lease, withdraw_lease
from leases.operations.ending import (
    expire_due_lease,
    release_lease,
    revoke_lease,
    revoke_leases,
)
from leases.operations.issuing import lease_credential
from leases.operations.listing import list_leases, show_lease
from leases.operations.overview import show_overview
from leases.operations.reading import read_credential
from leases.operations.renewing import renew_lease
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
