"""What a credential type is: its checks at store time, and the metadata its values tell."""

from collections.abc import Mapping
from typing import Protocol

from access.errors import Invalid


class Kind(Protocol):
    """A type's examination: metadata out, or Invalid with a sentence that shows no part of it."""

    def __call__(
        self, value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
    ) -> dict[str, str]: ...


def refuse(sentence: str) -> Invalid:
    """The refusal of a value."""
    return Invalid(f"value: {sentence}", "value")
