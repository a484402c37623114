"""The unencrypted part of an OpenSSH private key: cipher, KDF rounds and public key.

The layout is that of OpenSSH's PROTOCOL.key, with the strings of RFC 4251 §5.
"""

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import SSHPublicKeyTypes, load_ssh_public_key

MAGIC = b"openssh-key-v1\0"
KEY_TYPES = frozenset(
    {
        b"ssh-rsa",
        b"ssh-ed25519",
        b"ecdsa-sha2-nistp256",
        b"ecdsa-sha2-nistp384",
        b"ecdsa-sha2-nistp521",
    }
)


@dataclass(frozen=True, slots=True)
class Container:
    """What can be read without the passphrase; `rounds` is the cost of its bcrypt KDF."""

    encrypted: bool
    rounds: int
    public_key: SSHPublicKeyTypes


def read_container(body: str) -> Container:
    """The container in the base64 `body`; ValueError unless it is complete and contains one key."""
    data = base64.b64decode("".join(body.split()), validate=True)
    if not data.startswith(MAGIC):
        raise ValueError
    cipher, rest = _string(data[len(MAGIC) :])
    kdf, rest = _string(rest)
    options, rest = _string(rest)
    keys, rest = _number(rest)
    public, rest = _string(rest)
    private, rest = _string(rest)
    if keys != 1 or not private:
        raise ValueError
    return Container(cipher != b"none", _rounds(kdf, options), _public_key(public))


def _rounds(kdf: bytes, options: bytes) -> int:
    if kdf == b"none":
        return 0
    _, rest = _string(options)
    return _number(rest)[0]


def _public_key(blob: bytes) -> SSHPublicKeyTypes:
    key_type, _ = _string(blob)
    if key_type not in KEY_TYPES:
        raise ValueError
    return load_ssh_public_key(key_type + b" " + base64.b64encode(blob))


def _number(data: bytes) -> tuple[int, bytes]:
    if len(data) < 4:
        raise ValueError
    return int.from_bytes(data[:4]), data[4:]


def _string(data: bytes) -> tuple[bytes, bytes]:
    length, rest = _number(data)
    if length > len(rest):
        raise ValueError
    return rest[:length], rest[length:]
