"""Values that Vault draws itself, from the operating system's randomness."""

import secrets
import string
from typing import Literal

from pydantic import Field

from access.shapes import Shape

ALPHABETS = {
    "alphanumeric": string.ascii_letters + string.digits,
    "hex": string.digits + "abcdef",
    "base64url": string.ascii_letters + string.digits + "-_",
    "ascii": string.ascii_letters + string.digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~",
}
GENERATED = frozenset({"api-key", "generic-secret"})


class GenerateSpec(Shape):
    """How to draw a value: its length in characters and the alphabet they are taken from."""

    length: int = Field(default=40, ge=16, le=256)
    alphabet: Literal["alphanumeric", "hex", "base64url", "ascii"] = "alphanumeric"


def can_generate(kind: str) -> bool:
    """Whether a value of this type is free text; others mean something to somebody else."""
    return kind in GENERATED


def generate_value(spec: GenerateSpec) -> str:
    """A random value; hex of the least length still holds 64 bits."""
    alphabet = ALPHABETS[spec.alphabet]
    return "".join(secrets.choice(alphabet) for _ in range(spec.length))
