"""The table of types, and the examination of every value before it is sealed."""

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType

from credentials.types.database_url import examine_database_url
from credentials.types.normalization import (
    normalize_ssh_key,
    normalize_tls_certificate,
    strip_blanks,
)
from credentials.types.oauth_token import examine_oauth_token
from credentials.types.ssh_key import examine_ssh_key
from credentials.types.submission import CredentialType, Submission, invalid_value
from credentials.types.tls_certificate import examine_tls_certificate
from credentials.validators import is_metadata_text, is_sealable
from foundation.errors import Invalid

MAXIMUM_VALUE_BYTES = 64 * 1024

KINDS: Mapping[str, CredentialType] = MappingProxyType(
    {
        "api-key": CredentialType(generates=True),
        "oauth-token": CredentialType(examine_oauth_token, strip_blanks),
        "ssh-key": CredentialType(examine_ssh_key, normalize_ssh_key),
        "tls-certificate": CredentialType(examine_tls_certificate, normalize_tls_certificate),
        "database-url": CredentialType(examine_database_url, strip_blanks),
        "generic-secret": CredentialType(generates=True),
    }
)


def stored_form(kind: str, value: str) -> str:
    """The value in the form that is examined and stored; Invalid for an unknown type.

    What cannot be sealed at all is left as it is: the examination refuses it.
    """
    if kind not in KINDS:
        raise Invalid(f"type: one of {', '.join(KINDS)}.", "type")
    return KINDS[kind].normalize(value) if is_sealable(value, MAXIMUM_VALUE_BYTES) else value


def examine(
    kind: str, value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """The metadata extracted from a value of type `kind`; Invalid when it is no such value.

    A value is 1 byte to 64 KiB of UTF-8 text; with `metadata.encoding` = `base64` it must be
    base64. An extracted text that metadata could not contain (too long, invisible characters)
    is left out.
    """
    return examine_stored(kind, stored_form(kind, value), secret_fields, metadata)


def examine_stored(
    kind: str, stored: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """The same of a value that `stored_form` answered."""
    _check_value(stored, metadata)
    extracted = KINDS[kind].examine(Submission(stored, secret_fields, metadata))
    return {name: text for name, text in extracted.items() if text and is_metadata_text(text)}


def merge_metadata(extracted: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Extracted and given metadata together; the given one wins."""
    return {**extracted, **given}


def _check_value(value: str, metadata: Mapping[str, str]) -> None:
    if not is_sealable(value, MAXIMUM_VALUE_BYTES):
        raise invalid_value(
            "1 byte to 64 KiB of UTF-8 text without NUL; binary data goes in as base64, with "
            "metadata.encoding set to base64."
        )
    if metadata.get("encoding") == "base64" and not _is_base64(value):
        raise invalid_value(
            "metadata.encoding says base64, but this is no padded base64 (RFC 4648 §4)."
        )


def _is_base64(value: str) -> bool:
    # `base64` and PEM insert line breaks; nothing else is allowed.
    text = value.replace("\r\n", "\n").replace("\n", "")
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return bool(data) and base64.b64encode(data).decode() == text
