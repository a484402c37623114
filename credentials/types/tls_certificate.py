"""TLS certificates: certificate, key and chain must belong together."""

from collections.abc import Mapping
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pydantic import Field

from credentials.types.rfc3339 import rfc3339
from credentials.types.submission import Submission, invalid_value, refusing
from credentials.validators import is_metadata_text
from foundation.errors import Invalid, Malformed
from foundation.schema.shapes import Shape
from foundation.schema.strict_json import parse_strict

MAXIMUM_CHAIN = 10
# Checking an RSA key takes time cubic in its size; 8 KiB of PEM are enough for 8192 bits.
MAXIMUM_KEY = 8 * 1024


class TlsValue(Shape):
    """A value of this type: a JSON object whose members are PEM texts."""

    certificate: str
    private_key: str = Field(repr=False)
    chain: str | None = None


def examine_tls_certificate(submission: Submission) -> Mapping[str, str]:
    """`subject` and `issuer` (CN, else the whole name), `notBefore`, `notAfter` (RFC 3339),
    `sans` (comma list), `serialNumber` (hexadecimal).

    The chain starts with the issuer of the certificate and need not reach the root. A certificate
    that has expired, or is not valid yet, may be stored. As many alternative names as fit into
    1 KiB are kept; `sansOmitted` counts the rest.
    """
    if submission.value.lstrip().startswith("-----BEGIN "):
        raise invalid_value(
            "a PEM bundle needs the certificate, those that issued it and exactly one private "
            "key; append the key (privkey.pem) to fullchain.pem."
        )
    value = _members(submission.value)
    leaf = _certificates(value.certificate, "certificate")
    if len(leaf) > 1:
        raise invalid_value("certificate: exactly one; those that issued it belong into chain.")
    chain = [] if value.chain is None else _certificates(value.chain, "chain")
    _require_matching_key(leaf[0], value.private_key)
    _require_links([*leaf, *chain])
    with refusing("certificate: its names or extensions cannot be read."):
        return _described(leaf[0])


def _members(text: str) -> TlsValue:
    try:
        return TlsValue.parse(parse_strict(text.encode()))
    except (Invalid, Malformed):
        raise invalid_value(
            "a JSON object with certificate, privateKey and, if there is one, chain; each a PEM "
            "text, no other members."
        ) from None


def _certificates(pem: str, member: str) -> list[x509.Certificate]:
    with refusing(f"{member}: PEM of X.509, with BEGIN and END CERTIFICATE lines."):
        found = x509.load_pem_x509_certificates(pem.encode())
    if len(found) > MAXIMUM_CHAIN:
        raise invalid_value(f"{member}: at most {MAXIMUM_CHAIN} certificates.")
    return found


def _require_matching_key(leaf: x509.Certificate, pem: str) -> None:
    if len(pem) > MAXIMUM_KEY:
        raise invalid_value("privateKey: at most 8 KiB.")
    with refusing("privateKey: one unencrypted PEM key; it is sealed with the certificate."):
        own = load_pem_private_key(pem.encode(), None).public_key()
        of_key = own.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with refusing("certificate: its public key cannot be read."):
        certified = leaf.public_key()
        of_leaf = certified.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if of_key != of_leaf:
        raise invalid_value("privateKey: does not belong to the certificate.")


def _require_links(path: list[x509.Certificate]) -> None:
    with refusing("chain: each certificate must have issued and signed the one before it."):
        for issued, issuer in pairwise(path):
            issued.verify_directly_issued_by(issuer)


def _described(leaf: x509.Certificate) -> Mapping[str, str]:
    return {
        "subject": _name(leaf.subject),
        "issuer": _name(leaf.issuer),
        "notBefore": rfc3339(leaf.not_valid_before_utc),
        "notAfter": rfc3339(leaf.not_valid_after_utc),
        "serialNumber": f"{leaf.serial_number:x}",
        **_fitting(_alternative_names(leaf)),
    }


def _name(name: x509.Name) -> str:
    for common in name.get_attributes_for_oid(NameOID.COMMON_NAME):
        if isinstance(common.value, str):
            return common.value
    return name.rfc4514_string()


def _alternative_names(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    texts = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)
    return [str(name.value) for name in found.value if isinstance(name, texts)]


def _fitting(names: list[str]) -> Mapping[str, str]:
    kept: list[str] = []
    for name in names:
        if "," not in name and is_metadata_text(",".join([*kept, name])):
            kept.append(name)
    omitted = len(names) - len(kept)
    return {"sans": ",".join(kept), "sansOmitted": str(omitted) if omitted else ""}
