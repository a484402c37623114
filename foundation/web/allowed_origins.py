"""The host names that this server answers to, and the origins that may call it."""

from collections.abc import Iterable
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
USUAL_PORTS = {"http": 80, "https": 443}


def allowed_hosts(public_url: str, *, development: bool) -> frozenset[str]:
    """Accepted Host headers: PUBLIC_URL's; in development also this computer's other names."""
    parts = urlsplit(public_url)
    port = parts.port or USUAL_PORTS[parts.scheme]
    names = [parts.netloc.rpartition(":")[0] if parts.port else parts.netloc]
    names += LOOPBACK if development else ()
    hosts = {f"{name.lower()}:{port}" for name in names}
    if port == USUAL_PORTS[parts.scheme]:
        hosts |= {name.lower() for name in names}
    return frozenset(hosts)


def allowed_origins(public_url: str, listed: Iterable[str], *, development: bool) -> frozenset[str]:
    """Accepted Origin headers: our own and those that the operator listed."""
    scheme = urlsplit(public_url).scheme
    own = {f"{scheme}://{host}" for host in allowed_hosts(public_url, development=development)}
    return frozenset({public_url, *own, *listed})
