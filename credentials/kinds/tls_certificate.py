"""TLS certificates: a JSON object of PEM certificate, private key and optional chain."""

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from credentials.kinds.kind import refuse
from credentials.naming import MAXIMUM_METADATA_BYTES

MEMBERS = {"certificate", "privateKey", "chain"}


def examine_tls_certificate(
    value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """A certificate whose key fits and whose chain links leaf → root; what it says of itself."""
    del metadata
    parts = _parts(value)
    certificates = _certificates(parts["certificate"], "certificate")
    if len(certificates) != 1:
        raise refuse("certificate must hold exactly one certificate; the others go into chain.")
    leaf = certificates[0]
    key = _private_key(parts["privateKey"], secret_fields.get("passphrase"))
    if _public(key.public_key()) != _public(leaf.public_key()):
        raise refuse("the private key does not belong to the certificate.")
    if parts.get("chain"):
        _require_links([leaf, *_certificates(parts["chain"], "chain")])
    return _facts(leaf)


def _parts(value: str) -> dict[str, str]:
    try:
        parts = json.loads(value, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, dict) or not set(parts) <= MEMBERS or len(parts) < 2:
        raise refuse("a JSON object with certificate, privateKey and optionally chain, in PEM.")
    if not all(isinstance(one, str) for one in parts.values()) or (
        "chain" in parts and len(parts) < 3
    ):
        raise refuse("a JSON object with certificate, privateKey and optionally chain, in PEM.")
    return parts


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def _certificates(pem: str, member: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise refuse(f"{member} is no X.509 certificate in PEM.") from None


def _private_key(pem: str, passphrase: str | None) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem.encode(), passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise refuse(
            "privateKey is no private key in PEM, or its secretFields.passphrase is wrong."
        ) from None


def _public(key: Any) -> bytes:
    blob: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return blob


def _require_links(chain: list[x509.Certificate]) -> None:
    for one, issuer in pairwise(chain):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            raise refuse(
                "the chain does not link: each certificate is issued by the next."
            ) from None


def _facts(leaf: x509.Certificate) -> dict[str, str]:
    facts = {
        "subject": _common_name(leaf.subject),
        "issuer": _common_name(leaf.issuer),
        "notBefore": _instant(leaf.not_valid_before_utc),
        "notAfter": _instant(leaf.not_valid_after_utc),
        "sans": _names(leaf),
        "serialNumber": f"{leaf.serial_number:x}",
    }
    return {name: text for name, text in facts.items() if text}


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(found[0].value) if found else name.rfc4514_string()
    return text[:200]


def _names(leaf: x509.Certificate) -> str:
    """The subject's names, as many as fit into one metadata value."""
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ""
    names = extension.value
    texts = [
        *names.get_values_for_type(x509.DNSName),
        *(str(one) for one in names.get_values_for_type(x509.IPAddress)),
    ]
    kept = ""
    for text in texts:
        longer = f"{kept},{text}" if kept else text
        if len(longer.encode()) > MAXIMUM_METADATA_BYTES:
            break
        kept = longer
    return kept


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
