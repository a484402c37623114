"""The issuers that a tenant may set up; its owners choose them, not the operator. Where calls may
go is decided at each call (`foundation.outgoing.destinations`).
"""

from urllib.parse import urlsplit

from foundation.errors import Invalid
from foundation.outgoing import may_be_visited

LONGEST = 300


def require_issuer(url: str) -> str:
    """The issuer, unchanged, because it is compared exactly. Raises Invalid; makes no call."""
    parts = urlsplit(url)
    if len(url) > LONGEST or parts.query or parts.fragment or url.endswith("/.well-known"):
        raise Invalid("issuer: an address such as https://login.example.org.", "issuer")
    if not may_be_visited(url):
        raise Invalid("issuer: an address that starts with https://.", "issuer")
    return url
