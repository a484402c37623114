"""Leases turned into shapes, without their handles."""

from access.ids import public_id
from leases.models import Lease
from leases.shapes import LeaseState


def uses_left(lease: Lease) -> int | None:
    """Uses that are left, or None when they are not counted."""
    return None if lease.max_uses is None else lease.max_uses - lease.uses


def holder_name(lease: Lease) -> str:
    """Whom people know the holder as: a person's e-mail or a service account's name."""
    if lease.person is not None:
        return lease.person.email
    assert lease.service_account is not None
    return lease.service_account.name


def lease_state(lease: Lease) -> LeaseState:
    """The lease as lists and endings show it."""
    return LeaseState.model_validate(
        {
            "lease_id": public_id("lease", lease.pk),
            "key": lease.credential.key,
            "state": lease.state,
            "version": lease.version.number,
            "purpose": lease.purpose,
            "issued_at": lease.issued_at,
            "expires_at": lease.expires_at,
            "uses_left": uses_left(lease),
        }
    )
