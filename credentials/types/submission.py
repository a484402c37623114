"""What a type looks at, and what a type is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from foundation.errors import Invalid


@dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """A value on its way in, with what came beside it; never printed."""

    value: str
    secret_fields: Mapping[str, str]
    metadata: Mapping[str, str]


Examination = Callable[[Submission], Mapping[str, str]]


def no_metadata(_: Submission) -> Mapping[str, str]:
    """The examination of a type that takes any text."""
    return {}


@dataclass(frozen=True, slots=True)
class CredentialType:
    """A credential type. `examine` raises Invalid or answers what the value tells, never a secret.

    `generates`: whether any random text is a value of this type.
    """

    examine: Examination = no_metadata
    generates: bool = False


def refuse(rule: str, field: str = "value") -> Invalid:
    """The refusal of a value: the rule that it breaks, and no part of it."""
    return Invalid(f"{field}: {rule}", field)


# What the parsers were seen to raise for damaged input, besides the ValueError they document.
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
    """Turn a parser's errors, whose text may quote the value, into the refusal by `rule`."""
    try:
        yield
    except _PARSER_ERRORS:
        raise refuse(rule, field) from None
