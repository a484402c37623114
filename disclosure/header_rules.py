"""Which headers a caller may give, which only the sender of a request sets, and which an answer
loses.
"""

import re

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # RFC 9110 §5.6.2

# Framing, connection and routing: they would change whom the request reaches or where it ends.
_RESERVED = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "connection",
        "keep-alive",
        "upgrade",
        "http2-settings",
        "expect",
        "alt-used",
        "forwarded",
        "via",
        "x-real-ip",
        "x-host",
        "x-original-host",
        "x-original-url",
        "x-rewrite-url",
        "x-http-host-override",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-method",
        "max-forwards",
    }
)
_RESERVED_PREFIXES = ("proxy-", "x-forwarded-", "sec-")

# A part of an answer or one in a coding nobody decodes could carry the value past the redaction.
ANSWER_SHAPING = frozenset({"accept-encoding", "range", "if-range", "a-im", "want-content-digest"})

# Of an answer: those of its connection, and those that describe the bytes before decompression and
# redaction.
DROPPED_FROM_ANSWERS = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-encoding",
        "content-length",
        "content-md5",
        "content-digest",
        "repr-digest",
        "digest",
    }
)


def is_header_name(name: str) -> bool:
    """Whether it is a token as RFC 9110 defines it."""
    return bool(_TOKEN.fullmatch(name))


def normalize(name: str) -> str:
    """The name by which servers may take two headers for the same one (CGI: `_` is `-`)."""
    return re.sub(r"[^a-z0-9]", "-", name.lower())


def is_reserved(name: str) -> bool:
    """Whether only the sender may set the header."""
    folded = normalize(name)
    return (
        folded in _RESERVED
        or folded in ANSWER_SHAPING
        or any(folded.startswith(prefix) for prefix in _RESERVED_PREFIXES)
    )
