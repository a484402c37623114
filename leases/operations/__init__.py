"""What can be done with leases; one module per subject."""

from leases.operations.activity import show_activity
from leases.operations.approvals import (
    decide_lease,
    list_approvals,
    show_approval,
    withdraw_lease,
)
from leases.operations.lifecycle import lease_credential, renew_lease
from leases.operations.queries import list_leases, show_lease, show_overview, show_readers
from leases.operations.read import read_credential
from leases.operations.revocation import (
    expire_due_lease,
    release_lease,
    revoke_lease,
    revoke_leases,
)
from leases.operations.use import use_credential

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
    "show_activity",
    "show_approval",
    "show_lease",
    "show_overview",
    "show_readers",
    "use_credential",
    "withdraw_lease",
]
