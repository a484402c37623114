"""Encodings in which a server may send a value back, made by other means than the redactor's."""

import base64
import html
import json
import quopri
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote

Encode = Callable[[bytes], bytes]


def _base64(offset: int, encode: Encode = base64.b64encode) -> Encode:
    return lambda value: encode(b"u" * offset + value + b"z")


def _escaped(form: str) -> Encode:
    return lambda value: "".join(form.format(byte) for byte in value).encode()


ENCODINGS: Mapping[str, Encode] = MappingProxyType(
    {
        "raw": lambda value: value,
        "base64": base64.b64encode,
        "base64 after one byte": _base64(1),
        "base64 after two bytes": _base64(2),
        "base64url": base64.urlsafe_b64encode,
        "base64url after one byte": _base64(1, base64.urlsafe_b64encode),
        "base64url after two bytes": _base64(2, base64.urlsafe_b64encode),
        "base64 in lines": lambda value: base64.encodebytes(b"u" * 50 + value),
        "base64 twice": lambda value: base64.b64encode(base64.b64encode(value)),
        "base32": base64.b32encode,
        "hex": lambda value: value.hex().encode(),
        "hex in capitals": lambda value: value.hex().upper().encode(),
        "hex with colons": lambda value: value.hex(":").encode(),
        "hex of base64": lambda value: base64.b64encode(value).hex().encode(),
        "url": lambda value: quote(value, safe="").encode(),
        "url, every character": _escaped("%{:02x}"),
        "url, twice": lambda value: quote(quote(value, safe=""), safe="").encode(),
        "json": lambda value: json.dumps(value.decode())[1:-1].encode(),
        "json, every character": _escaped("\\u{:04x}"),
        "json in json": lambda value: json.dumps(json.dumps(value.decode())).encode(),
        "html": lambda value: html.escape(value.decode()).encode(),
        "html, every character": _escaped("&#{};"),
        "c": _escaped("\\x{:02x}"),
        "array of bytes": lambda value: json.dumps(list(value)).encode(),
        "utf-16": lambda value: value.decode().encode("utf-16-le"),
        "quoted-printable": lambda value: quopri.encodestring(b"u" * 60 + value),
    }
)


def traces(data: bytes, value: bytes) -> list[str]:
    """The encodings in which the value is in `data`, whole but for what may be cut at its ends."""
    lower = data.lower()
    return [name for name, encode in ENCODINGS.items() if _core(encode(value)).lower() in lower]


def _core(encoded: bytes) -> bytes:
    """The middle, which is the same whatever stands around the value."""
    return encoded.strip()[len(encoded) // 4 : -len(encoded) // 4]
