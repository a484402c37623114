"""The credential types: what is checked when a value is stored, and what it tells of itself."""

from credentials.kinds.registry import KINDS, examine, merge_metadata
from credentials.kinds.submission import Kind, Submission

__all__ = ["KINDS", "Kind", "Submission", "examine", "merge_metadata"]
