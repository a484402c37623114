"""What can be done with leases; one module a subject."""

from leases.operations.approving import decide_lease
from leases.operations.ending import expire_due_lease, release_lease, revoke_lease
from leases.operations.issuing import lease_credential
from leases.operations.overview import show_overview
from leases.operations.reading import read_credential
from leases.operations.renewing import renew_lease
from leases.operations.window_readers import show_readers

__all__ = [
    "decide_lease",
    "expire_due_lease",
    "lease_credential",
    "read_credential",
    "release_lease",
    "renew_lease",
    "revoke_lease",
    "show_overview",
    "show_readers",
]
