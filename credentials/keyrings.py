"""Key-encryption keys: wrapped by the root key, opened into memory when needed.

Envelope: root key → tenant key (KEK) → data key (DEK, one per version) → value, with AES-256-GCM
throughout. Associated data binds each ciphertext to its place (see `envelope`).
"""

import hashlib
import os
from base64 import urlsafe_b64decode
from functools import cache
from threading import Lock
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from foundation.bounded_dict import BoundedDict
from foundation.errors import Unavailable

NONCE = 12
KEY = 32
FORMAT = 1
KEPT_KEYS = 512


class RootKey(Protocol):
    """A provider of the root key: a file, or for example a cloud KMS.

    `id` identifies the key without revealing anything about it. `unwrap` raises Unavailable when
    the key does not open its argument or cannot be reached.
    """

    @property
    def id(self) -> str: ...

    def wrap(self, key: bytes, context: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes: ...


class LocalRootKey:
    """The root key from VAULTSITE_ROOT_KEY(_FILE): 32 random bytes as base64url text."""

    def __init__(self, text: str) -> None:
        try:
            key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            key = b""
        if len(key) != KEY:
            raise Unavailable("The root key must be 32 bytes as base64url text.")
        self._cipher = AESGCM(key)
        self.id = "local-" + hashlib.sha256(b"vault root key id" + key).hexdigest()[:16]

    def wrap(self, key: bytes, context: bytes) -> bytes:
        return encrypt(self._cipher, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        try:
            return decrypt(self._cipher, wrapped, context)
        except InvalidTag:
            raise Unavailable("The root key does not open this tenant's keys.") from None


class RootKeyPair:
    """A root key that wraps, and a second one that only opens while the root key is replaced."""

    def __init__(self, first: RootKey, second: RootKey) -> None:
        self._first, self._second = first, second
        self.id = first.id

    def wrap(self, key: bytes, context: bytes) -> bytes:
        return self._first.wrap(key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        try:
            return self._first.unwrap(wrapped, context)
        except Unavailable:
            return self._second.unwrap(wrapped, context)


@cache
def root_key() -> RootKey:
    """The installation's root key; it opens what the second one wrapped, too."""
    first, second = wrapping_root_key(), _second_root_key()
    return first if second is None else RootKeyPair(first, second)


def wrapping_root_key() -> RootKey:
    """The root key alone, without the second one."""
    return LocalRootKey(settings.ENVIRONMENT.root_key.get_secret_value())


def _second_root_key() -> RootKey | None:
    second = settings.ENVIRONMENT.root_key_second
    return LocalRootKey(second.get_secret_value()) if second else None


def root_key_ids() -> list[str]:
    """The ids of the root keys that this process has."""
    second = _second_root_key()
    return [root_key().id, *([second.id] if second else [])]


def encrypt(cipher: AESGCM, plaintext: bytes, context: bytes) -> bytes:
    """Format byte ‖ 96-bit random nonce ‖ ciphertext and tag (NIST SP 800-38D §8.2.2)."""
    nonce = os.urandom(NONCE)
    return bytes([FORMAT]) + nonce + cipher.encrypt(nonce, plaintext, context)


def decrypt(cipher: AESGCM, blob: bytes, context: bytes) -> bytes:
    """The plaintext of `encrypt`; InvalidTag for anything else, such as an unknown format."""
    if len(blob) < 1 + NONCE or blob[0] != FORMAT:
        raise InvalidTag
    return cipher.decrypt(blob[1 : 1 + NONCE], blob[1 + NONCE :], context)


def context(*parts: str | UUID | int) -> bytes:
    """Associated data: each part after its length, so that no two lists encode alike."""
    return _PREFIX + b"".join(map(_part, parts))


def _part(part: str | UUID | int) -> bytes:
    text = str(part).encode()
    return len(text).to_bytes(4, "big") + text


_PREFIX = _part(f"vault/{FORMAT}")


class OpenKeys:
    """A cache of opened tenant keys, the most recently used.

    A wrapped key that changed is another entry, so a destroyed or tampered key is never served
    from the cache.
    """

    def __init__(self, kept: int = KEPT_KEYS) -> None:
        self._ciphers = BoundedDict[tuple[UUID, bytes], AESGCM](kept)
        self._lock = Lock()

    def open(self, key_id: UUID, wrapped: bytes, bound_to: bytes) -> AESGCM:
        """The cipher of a wrapped tenant key; Unavailable when the root key does not open it."""
        entry = (key_id, hashlib.sha256(wrapped + bound_to).digest())
        with self._lock:
            if entry in self._ciphers:
                self._ciphers.move_to_end(entry)
                return self._ciphers[entry]
        cipher = AESGCM(root_key().unwrap(wrapped, bound_to))
        with self._lock:
            self._ciphers[entry] = cipher
        return cipher

    def forget(self) -> None:
        """Empty the cache, as in a new process."""
        with self._lock:
            self._ciphers.clear()


open_keys = OpenKeys()
