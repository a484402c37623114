r"""The form in which each type's value is stored: the form that was checked, and that clients read.

A value is changed only where its meaning is unambiguous: line ends, blanks around, PEM written on
one line with `\n`. Everything else is left to the check, which refuses it.
"""

import json
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from credentials.types.ssh_key import MAXIMUM_PEM

_BLOCK = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----(?P<body>(?:(?!-----).)*)"
    r"-----END (?P=label)-----",
    re.DOTALL,
)
_HEADERS = re.compile(r"(?P<headers>(?:[A-Za-z-]+: [^\n]+\n)+)\n(?P<data>.*)", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# OpenSSH wraps at 70, RFC 7468 at 64; both are read everywhere.
_WIDTH = {"OPENSSH PRIVATE KEY": 70}


def unescape_pem(text: str) -> str:
    r"""PEM on one line with `\n` written out, as deployment tools and .env files keep it."""
    if "-----BEGIN " in text and "\n" not in text.strip() and "\\n" in text:
        return text.replace("\\r\\n", "\n").replace("\\n", "\n")
    return text


def pem_blocks(text: str) -> list[tuple[str, str]]:
    """(label, PEM) of each block, without blanks around lines; what is no base64 is left alone."""
    unix = unescape_pem(text).replace("\r\n", "\n").replace("\r", "\n")
    plain = "\n".join(line.strip() for line in unix.split("\n"))
    return [(found["label"], _block(found)) for found in _BLOCK.finditer(plain)]


def _block(found: re.Match[str]) -> str:
    body = found["body"].strip("\n")
    headed = _HEADERS.fullmatch(body)
    headers, data = (headed["headers"] + "\n", headed["data"]) if headed else ("", body)
    packed = "".join(data.split())
    if not _BASE64.fullmatch(packed):
        return found[0] + "\n"
    width = _WIDTH.get(found["label"], 64)
    wrapped = "\n".join(packed[at : at + width] for at in range(0, len(packed), width))
    return f"-----BEGIN {found['label']}-----\n{headers}{wrapped}\n-----END {found['label']}-----\n"


def _only_blocks(text: str) -> bool:
    """Whether nothing but PEM blocks and blanks is there."""
    return not _BLOCK.sub("", unescape_pem(text)).strip("\ufeff \t\r\n")


def normalize_ssh_key(value: str) -> str:
    """Unix line ends, no blanks around lines, one line end at the end; PKCS#8 as OpenSSH's own."""
    if len(value) > 2 * MAXIMUM_PEM or not _only_blocks(value):
        return value
    blocks = pem_blocks(value)
    if len(blocks) != 1:
        return value
    label, pem = blocks[0]
    return _from_pkcs8(pem) if label == "PRIVATE KEY" else pem


def _from_pkcs8(pem: str) -> str:
    """Not every ssh reads PKCS#8 (Ed25519 only since OpenSSH 9.6)."""
    if len(pem) > MAXIMUM_PEM:
        return pem
    try:
        key = load_pem_private_key(pem.encode(), None)
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey | EllipticCurvePrivateKey):
            return pem
        own = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return pem
    return pem_blocks(own)[0][1]


def normalize_tls_certificate(value: str) -> str:
    """The JSON object with its PEM texts as clients read them; also made of a PEM bundle.

    In a bundle the first certificate is the leaf, as servers read it; the key may stand anywhere.
    """
    parts = _members(value) if value.lstrip().startswith("{") else _bundle(value)
    if parts is None:
        return value
    return json.dumps({name: _pem_text(text) for name, text in parts.items()})


def _members(value: str) -> dict[str, str] | None:
    try:
        parts = json.loads(value, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, dict) or not all(isinstance(text, str) for text in parts.values()):
        return None
    return parts


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _pem_text(text: str) -> str:
    blocks = pem_blocks(text) if _only_blocks(text) else []
    return "".join(pem for _, pem in blocks) or text


def _bundle(value: str) -> dict[str, str] | None:
    blocks = pem_blocks(value)
    certificates = [pem for label, pem in blocks if label == "CERTIFICATE"]
    keys = [pem for label, pem in blocks if label.endswith("PRIVATE KEY")]
    if not certificates or len(keys) != 1:
        return None
    parts = {"certificate": certificates[0], "privateKey": keys[0]}
    if certificates[1:]:
        parts["chain"] = "".join(certificates[1:])
    return parts


def strip_blanks(value: str) -> str:
    """A text that can have no blanks at its ends, such as a URL or a token, without them."""
    return value.strip("\ufeff \t\r\n") or value
