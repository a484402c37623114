"""Identifiers: UUIDv7 (RFC 9562 §5.7) inside, with a readable prefix outside (`cred_…`)."""

import os
import time
from datetime import datetime
from uuid import UUID


def uuid7() -> UUID:
    """A new time-ordered identifier; never to be used as a secret."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def earliest_id(moment: datetime) -> UUID:
    """The smallest identifier that `uuid7` could have made at `moment`: where a search begins."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def public_id(prefix: str, identifier: UUID) -> str:
    """The public form: `cred_0198…` with the UUID's 32 hex digits."""
    return f"{prefix}_{identifier.hex}"


NO_ID = UUID(int=0)


def parse_public_id(prefix: str, text: str) -> UUID:
    """The identifier in `text`; NO_ID, which no row has, when it does not have this form."""
    head, _, digits = text.partition("_")
    if head != prefix or len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        return NO_ID
    return UUID(hex=digits)
