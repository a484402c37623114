"""New random values from the operating system's generator."""

import secrets
import string
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from credentials.types import KINDS
from foundation.schema.shapes import Shape

AlphabetWord = Literal["alphanumeric", "hex", "base64url", "ascii"]

ALPHABETS = MappingProxyType[str, str](
    {
        "alphanumeric": string.ascii_letters + string.digits,
        "hex": string.digits + "abcdef",
        "base64url": string.ascii_letters + string.digits + "-_",
        "ascii": string.ascii_letters + string.digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~",
    }
)


class GenerateSpec(Shape):
    """The form of a new value. The default has about 190 bits, the weakest (16 of `hex`) 64.

    `ascii` is every printable character but space, quotes, backquote and backslash.
    """

    length: int = Field(default=32, ge=16, le=256)
    alphabet: AlphabetWord = "alphanumeric"


def generate_value(spec: GenerateSpec) -> str:
    """`spec.length` characters, drawn independently and uniformly."""
    alphabet = ALPHABETS[spec.alphabet]
    return "".join(secrets.choice(alphabet) for _ in range(spec.length))


def can_generate(kind: str) -> bool:
    """Whether a value of this type may be any random text; false for unknown types."""
    return kind in KINDS and KINDS[kind].generates
