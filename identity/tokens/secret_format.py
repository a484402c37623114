"""The form of secrets, which leak scanners recognise: `vlt_…_`, 256 random bits, and a checksum.

Only letters and digits, so that a double click selects the whole. With the checksum a scanner can
tell a real secret from a look-alike offline. Its expression is `vlt_(sa|pat)_[0-9A-Za-z]{49}`.
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
    """The purpose of a secret, as its prefix."""

    ACCOUNT_SECRET = "vlt_sa_"
    PERSONAL_TOKEN = "vlt_pat_"


def new_secret(prefix: SecretPrefix) -> str:
    """A new secret, which must appear in clear text only in the answer."""
    text = prefix + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    return text + _checksum(text)


def has_secret_format(prefix: SecretPrefix, text: str) -> bool:
    """Whether `text` has the form of such a secret, whoever made it."""
    body = text.removeprefix(prefix)
    if not text.startswith(prefix) or not _BODY.fullmatch(body):
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
