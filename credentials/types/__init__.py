"""The credential types: what is checked when a value is stored, and which metadata it yields."""

from credentials.types.registry import (
    KINDS,
    MAXIMUM_VALUE_BYTES,
    examine,
    examine_stored,
    merge_metadata,
    stored_form,
)
from credentials.types.submission import CredentialType, Submission

__all__ = [
    "KINDS",
    "MAXIMUM_VALUE_BYTES",
    "CredentialType",
    "Submission",
    "examine",
    "examine_stored",
    "merge_metadata",
    "stored_form",
]
