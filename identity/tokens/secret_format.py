"""Secrets that leak scanners recognise: `vlt_…_`, 256 random bits, and a checksum.

Letters and digits only, so that a double click selects all of one; the checksum lets a scanner, and
us, tell a real one from a look-alike without asking anybody. A scanner's expression:
`vlt_(sa|pat)_[0-9A-Za-z]{49}`.
"""

import hashlib
import re
import secrets
from binascii import crc32
from enum import StrEnum

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM = 43  # 62 ** 43 > 2 ** 256
_CHECK = 6  # 62 ** 6 > 2 ** 32
_BODY = re.compile(rf"[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")


class SecretPrefix(StrEnum):
    """What a secret is for, said by how it begins."""

    ACCOUNT_SECRET = "vlt_sa_"
    PERSONAL_TOKEN = "vlt_pat_"


def new_secret(mark: SecretPrefix) -> str:
    """A new secret; the one place where it exists in the clear is what is answered with it."""
    text = mark + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    return text + _checksum(text)


def has_secret_format(mark: SecretPrefix, text: str) -> bool:
    """Whether `text` can be a secret of that kind at all; says nothing about its being ours."""
    body = text.removeprefix(mark)
    if not text.startswith(mark) or not _BODY.fullmatch(body):
        return False
    return _checksum(text[:-_CHECK]) == text[-_CHECK:]


def digest(secret: str) -> str:
    """What is stored of a secret, code or token: SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(text: str) -> str:
    value = crc32(text.encode())
    digits = []
    for _ in range(_CHECK):
        value, digit = divmod(value, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
