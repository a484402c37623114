"""Which addresses of a provider are called at all: a tenant's owners choose them, not the operator.

Only https, and only hosts of the public internet or those that the operator lists; in development
this machine too. Certificates are checked, so that a name which changes its address in between
leads to nobody who cannot prove to be it.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

from foundation.errors import Invalid

LONGEST = 300


def require_issuer(url: str) -> str:
    """The issuer as it is compared: exactly as given. Raises Invalid; the network is not asked."""
    parts = urlsplit(url)
    if len(url) > LONGEST or parts.query or parts.fragment or url.endswith("/.well-known"):
        raise Invalid("issuer: an address such as https://login.example.org.", "issuer")
    if not _is_allowed_form(url):
        raise Invalid("issuer: an address that starts with https://.", "issuer")
    return url


def may_be_called(url: object) -> bool:
    """Whether Vault itself may call the address now."""
    if not isinstance(url, str) or not _is_allowed_form(url):
        return False
    host = urlsplit(url).hostname or ""
    if host in settings.ENVIRONMENT.private_providers or _is_this_machine(url):
        return True
    return all(_is_public(one) for one in _resolved(host))


def may_be_visited(url: object) -> bool:
    """Whether a person may be sent there."""
    return isinstance(url, str) and _is_allowed_form(url)


def _is_allowed_form(url: str) -> bool:
    try:
        parts = urlsplit(url)
        odd = parts.username or parts.password or not parts.hostname or parts.port == 0
    except ValueError:
        return False
    if odd or not url.isascii() or any(one.isspace() for one in url):
        return False
    return parts.scheme == "https" or _is_this_machine(url)


def _is_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(settings.ENVIRONMENT.development) and parts.scheme == "http" and local


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return (getattr(found, "ipv4_mapped", None) or found).is_global


def _resolved(host: str) -> list[str]:
    """The host's addresses; one that does not resolve has an address that nobody may call."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ["0.0.0.0"]  # noqa: S104  # nothing listens here: it stands for no address
    return [str(one[4][0]).partition("%")[0] for one in found]
