"""SSH private keys: they must parse, and open with their passphrase when it is submitted."""

import base64
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_ssh_private_key,
    ssh_key_fingerprint,
)

from credentials.types.openssh import read_container
from credentials.types.submission import Submission, invalid_value, refusing

# Checking an RSA key takes time cubic in its size; 8 KiB of PEM are enough for 8192 bits.
MAXIMUM_PEM = 8 * 1024
# The key itself states the rounds of its KDF; 256 take about two seconds.
MAXIMUM_ROUNDS = 256
TRADITIONAL = {"RSA ": "rsa", "EC ": "ecdsa"}

_PEM = re.compile(
    r"-----BEGIN (?P<form>OPENSSH |RSA |EC )PRIVATE KEY-----\r?\n"
    r"(?P<body>(?:(?!-----).)+)\n-----END (?P=form)PRIVATE KEY-----",
    re.DOTALL,
)
_ENCRYPTED = re.compile(
    r"Proc-Type: 4,ENCRYPTED\r?\nDEK-Info: [A-Z0-9-]+,[0-9A-Fa-f]+\r?\n\r?\n"
    r"(?P<body>[A-Za-z0-9+/=\s]+)"
)
_NO_PEM = (
    "one PEM block of at most 8 KiB, BEGIN OPENSSH, RSA or EC PRIVATE KEY, with nothing before "
    "or after it."
)
_NO_KEY = "the PEM block holds no key that can be read; RSA, Ed25519 and ECDSA (NIST) are known."
_NOT_OPENED = "passphrase does not open the key, or the key is damaged."
_TOO_SLOW = f"at most {MAXIMUM_ROUNDS} rounds of passphrase stretching (ssh-keygen -a)."


# What people have instead, by its beginning, with the command that converts it.
_OTHERS = {
    "PuTTY-User-Key-File-": "this is a PuTTY key; convert it: puttygen key.ppk -O private-openssh "
    "-o key.",
    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY": "this is an SSH2 (RFC 4716) key; convert it: "
    "ssh-keygen -i -f key.",
    "-----BEGIN ENCRYPTED PRIVATE KEY": "this is an encrypted PKCS#8 key; convert it: ssh-keygen "
    "-p -f key, which writes it in OpenSSH's format.",
    "-----BEGIN PRIVATE KEY": "this PKCS#8 block holds no RSA, Ed25519 or ECDSA key that can be "
    "read.",
    "-----BEGIN PUBLIC KEY": "this is the public key; the private one is needed.",
    "-----BEGIN DSA": "DSA keys are no longer accepted by OpenSSH; make an Ed25519 key.",
    "ssh-": "this is the public key; the private one is in the file without .pub.",
    "ecdsa-": "this is the public key; the private one is in the file without .pub.",
}


def examine_ssh_key(submission: Submission) -> Mapping[str, str]:
    """`algorithm`, `fingerprint`, `keySize` (RSA, bits) and `hasPassphrase`.

    An encrypted key whose passphrase is not in the secret fields is judged by its unencrypted
    part: all of these in OpenSSH's format, only the algorithm in the older PEM format.
    """
    pem = submission.value.strip()
    found = _PEM.fullmatch(pem) if len(pem) <= MAXIMUM_PEM else None
    if found is None:
        others = (rule for start, rule in _OTHERS.items() if pem.startswith(start))
        raise invalid_value(next(others, _NO_PEM))
    passphrase = submission.secret_fields.get("passphrase")
    if found["form"] == "OPENSSH ":
        return _examine_openssh(found, passphrase)
    return _examine_traditional(found, passphrase)


def _examine_openssh(pem: re.Match[str], passphrase: str | None) -> Mapping[str, str]:
    with refusing(_NO_KEY):
        container = read_container(pem["body"])
    if not container.encrypted:
        with refusing(_NO_KEY):
            return _described(load_ssh_private_key(pem[0].encode(), None).public_key(), "false")
    if passphrase is not None:
        _open_openssh(pem[0], passphrase, container.rounds)
    return _described(container.public_key, "true")


def _open_openssh(pem: str, passphrase: str, rounds: int) -> None:
    if rounds > MAXIMUM_ROUNDS:
        raise invalid_value(_TOO_SLOW)
    with refusing(_NOT_OPENED, "secretFields"):
        load_ssh_private_key(pem.encode(), passphrase.encode())


def _examine_traditional(pem: re.Match[str], passphrase: str | None) -> Mapping[str, str]:
    encrypted = _ENCRYPTED.fullmatch(pem["body"])
    if encrypted is None:
        return _opened(pem[0], None, "false", _NO_KEY, "value")
    if passphrase is not None:
        return _opened(pem[0], passphrase, "true", _NOT_OPENED, "secretFields")
    with refusing(_NO_KEY):
        base64.b64decode("".join(encrypted["body"].split()), validate=True)
    return {"algorithm": TRADITIONAL[pem["form"]], "hasPassphrase": "true"}


def _opened(
    pem: str, passphrase: str | None, has_passphrase: str, rule: str, field: str
) -> Mapping[str, str]:
    password = None if passphrase is None else passphrase.encode()
    with refusing(rule, field):
        key = load_pem_private_key(pem.encode(), password)
    return _described(key.public_key(), has_passphrase)


def _described(key: object, has_passphrase: str) -> Mapping[str, str]:
    if not isinstance(key, RSAPublicKey | Ed25519PublicKey | EllipticCurvePublicKey):
        raise invalid_value(_NO_KEY)
    with refusing(_NO_KEY):
        digest = ssh_key_fingerprint(key, SHA256())
    return {
        **_algorithm(key),
        "fingerprint": "SHA256:" + base64.b64encode(digest).decode().rstrip("="),
        "hasPassphrase": has_passphrase,
    }


def _algorithm(
    key: RSAPublicKey | Ed25519PublicKey | EllipticCurvePublicKey,
) -> Mapping[str, str]:
    if isinstance(key, RSAPublicKey):
        return {"algorithm": "rsa", "keySize": str(key.key_size)}
    return {"algorithm": "ed25519" if isinstance(key, Ed25519PublicKey) else "ecdsa"}
