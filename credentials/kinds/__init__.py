"""The credential types; what each checks when a value is stored and what it tells about it."""

from collections.abc import Mapping
from types import MappingProxyType

from access.errors import Invalid
from credentials.kinds.database_url import examine_database_url
from credentials.kinds.kind import Kind
from credentials.kinds.plain import examine_oauth_token, examine_text
from credentials.kinds.ssh_key import examine_ssh_key
from credentials.kinds.tls_certificate import examine_tls_certificate
from credentials.naming import encoded

MAXIMUM_VALUE_BYTES = 64 * 1024

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "api-key": examine_text,
        "oauth-token": examine_oauth_token,
        "ssh-key": examine_ssh_key,
        "tls-certificate": examine_tls_certificate,
        "database-url": examine_database_url,
        "generic-secret": examine_text,
    }
)


def examine(
    kind: str, value: str, secret_fields: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, str]:
    """Check a value of a type and answer the metadata it tells.

    Every value is 1 byte to 64 KiB of UTF-8 without NUL. Invalid says which rule of the type is
    broken and shows no part of the value.
    """
    examination = KINDS.get(kind)
    if examination is None:
        raise Invalid(f"type: one of {', '.join(KINDS)}.", "type")
    if not 1 <= len(encoded(value, "value")) <= MAXIMUM_VALUE_BYTES:
        raise Invalid(f"value: 1 to {MAXIMUM_VALUE_BYTES} bytes.", "value")
    return examination(value, secret_fields, metadata)


def merge_metadata(extracted: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What a value tells and what the caller said; the caller's wins on a clash."""
    return {**extracted, **given}
