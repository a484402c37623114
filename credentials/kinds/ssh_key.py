"""SSH private keys: OpenSSH, RSA (PKCS#1) and EC (SEC 1) PEM."""

import base64
import hashlib
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from credentials.kinds.kind import refuse

_BEGIN = "-----BEGIN {}-----"
HEADERS = ("OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")
_MAGIC = b"openssh-key-v1\0"

SshKey = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
SshPublicKey = ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def examine_ssh_key(
    value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """A key that parses: algorithm, fingerprint, size (RSA) and whether it has a passphrase.

    An encrypted key is opened with `secretFields.passphrase` when that is given; without it, an
    OpenSSH key still shows its public half, the older formats only what they are.
    """
    del metadata
    kind = next((one for one in HEADERS if value.lstrip().startswith(_BEGIN.format(one))), None)
    if kind is None:
        raise refuse("an SSH key begins with -----BEGIN OPENSSH, RSA or EC PRIVATE KEY-----.")
    if not value.rstrip().endswith(f"-----END {kind}-----"):
        raise refuse("the last line of the SSH key is missing.")
    passphrase = secret_fields.get("passphrase")
    if kind == "OPENSSH PRIVATE KEY":
        return _examine_openssh(value, passphrase)
    return _examine_pem(kind, value, passphrase)


def _examine_openssh(value: str, passphrase: str | None) -> dict[str, str]:
    encrypted, public = _openssh_outside(value)
    if not encrypted or passphrase is not None:
        public = _load(value, passphrase if encrypted else None, openssh=True).public_key()
    return _describe(public, encrypted=encrypted)


def _examine_pem(kind: str, value: str, passphrase: str | None) -> dict[str, str]:
    encrypted = "Proc-Type: 4,ENCRYPTED" in value
    if encrypted and passphrase is None:
        algorithm = "rsa" if kind.startswith("RSA") else "ecdsa"
        return {"algorithm": algorithm, "hasPassphrase": "true"}
    key = _load(value, passphrase if encrypted else None, openssh=False)
    return _describe(key.public_key(), encrypted=encrypted)


def _load(value: str, passphrase: str | None, *, openssh: bool) -> SshKey:
    load = load_ssh_private_key if openssh else load_pem_private_key
    secret = passphrase.encode() if passphrase is not None else None
    try:
        key = load(value.strip().encode() + b"\n", secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "or its passphrase is wrong" if secret is not None else "or damaged"
        raise refuse(f"the SSH key cannot be opened: it is no private key {reason}.") from None
    if not isinstance(key, SshKey):
        raise refuse("the SSH key must be RSA, Ed25519 or ECDSA.")
    return key


def _openssh_outside(value: str) -> tuple[bool, SshPublicKey]:
    """Whether it is encrypted, and the public half that stands in clear before the private one."""
    lines = value.strip().splitlines()[1:-1]
    try:
        blob = base64.b64decode("".join(line.strip() for line in lines), validate=True)
        if not blob.startswith(_MAGIC):
            raise ValueError
        rest = blob[len(_MAGIC) :]
        cipher, rest = _string(rest)
        _, rest = _string(rest)
        _, rest = _string(rest)
        public, _ = _string(rest[4:])
        name, _ = _string(public)
        line = name + b" " + base64.b64encode(public)
        key = load_ssh_public_key(line)
    except (ValueError, UnsupportedAlgorithm, IndexError):
        raise refuse("the SSH key is damaged.") from None
    if not isinstance(key, SshPublicKey):
        raise refuse("the SSH key must be RSA, Ed25519 or ECDSA.")
    return cipher != b"none", key


def _string(blob: bytes) -> tuple[bytes, bytes]:
    """An SSH string (RFC 4251 §5) and what follows it."""
    length = int.from_bytes(blob[:4], "big")
    if len(blob) < 4 + length:
        raise ValueError
    return blob[4 : 4 + length], blob[4 + length :]


def _describe(key: SshPublicKey, *, encrypted: bool) -> dict[str, str]:
    wire = base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
    digest = base64.b64encode(hashlib.sha256(wire).digest()).decode().rstrip("=")
    facts = {
        "algorithm": _algorithm(key),
        "fingerprint": f"SHA256:{digest}",
        "hasPassphrase": "true" if encrypted else "false",
    }
    if isinstance(key, rsa.RSAPublicKey):
        facts["keySize"] = str(key.key_size)
    return facts


def _algorithm(key: SshPublicKey) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa"
    return "ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "ecdsa"
