"""What a credential type is, and what it examines."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from foundation.errors import Invalid


@dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """A submitted value with its secret fields and metadata; never printed."""

    value: str
    secret_fields: Mapping[str, str]
    metadata: Mapping[str, str]


Examination = Callable[[Submission], Mapping[str, str]]


def unchanged(value: str) -> str:
    """The stored form of a type whose values are any text."""
    return value


def no_metadata(_: Submission) -> Mapping[str, str]:
    """The examination of a type that accepts any text."""
    return {}


@dataclass(frozen=True, slots=True)
class CredentialType:
    """A credential type. `examine` raises Invalid or answers metadata of the value, no secret.

    `normalize` answers the form in which a value is examined and stored. `generates`:
    whether any random text is a value of this type.
    """

    examine: Examination = no_metadata
    normalize: Callable[[str], str] = unchanged
    generates: bool = False


def invalid_value(rule: str, field: str = "value") -> Invalid:
    """The refusal of a value: the rule that it breaks, and no part of the value."""
    return Invalid(f"{field}: {rule}", field)


# What the parsers raise for damaged input besides the ValueError that they document.
_PARSER_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    NotImplementedError,
    UnsupportedAlgorithm,
    InvalidSignature,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@contextmanager
def refusing(rule: str, field: str = "value") -> Iterator[None]:
    """Replace a parser's errors, whose text may quote the value, by the refusal with `rule`."""
    try:
        yield
    except _PARSER_ERRORS:
        raise invalid_value(rule, field) from None
