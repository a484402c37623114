"""Values of every type for the tests, and how the tests have them examined."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from credentials.types import examine
from credentials.validators import check_metadata
from foundation.errors import Invalid

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Key = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
KEYS: dict[str, Key] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "rsa": rsa.generate_private_key(65537, 2048),
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
}


def told(kind: str, value: str, **secret_fields: str) -> dict[str, str]:
    """What the value tells; all of it could stand in metadata."""
    facts = examine(kind, value, secret_fields, {})
    assert check_metadata(facts) == facts
    return facts


def refused(kind: str, value: str, metadata: dict[str, str] | None = None, **fields: str) -> str:
    """The words of the refusal; they show neither the value nor a secret field."""
    with pytest.raises(Invalid) as refusal:
        examine(kind, value, fields, metadata or {})
    words = str(refusal.value.as_problem())
    assert not any(one in words for one in (value, *fields.values()) if len(one) > 1)
    return words


def pem(key: Key, form: PrivateFormat, passphrase: str | None = None) -> str:
    """The private key as PEM text."""
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, lock).decode()


def certificate(
    name: str,
    key: Key,
    issuer: str | None = None,
    signer: Key | None = None,
    names: tuple[str, ...] = ("acme.example",),
) -> str:
    """A certificate as PEM text; by its own key unless there is a signer."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer or name))
        .public_key(key.public_key())
        .serial_number(0xCAFE)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=90))
    )
    if names:
        san = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        builder = builder.add_extension(san, critical=False)
    signing = signer or key
    digest = None if isinstance(signing, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signing, digest).public_bytes(Encoding.PEM).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def bundle(**parts: object) -> str:
    """The JSON text of a tls-certificate."""
    return json.dumps(parts)
