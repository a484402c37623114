"""The credential types: what is checked when a value is stored, and what it tells of itself."""

from credentials.kinds.registry import KINDS, MAXIMUM_VALUE_BYTES, examine, merge_metadata
from credentials.kinds.submission import Kind, Submission

__all__ = ["KINDS", "MAXIMUM_VALUE_BYTES", "Kind", "Submission", "examine", "merge_metadata"]
