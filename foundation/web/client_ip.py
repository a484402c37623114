"""The client's address, trusting as many proxies as the operator runs."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any


def client_address(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """The client's IP address, or an empty text when it is not one.

    `forwarded` are the X-Forwarded-For headers. Each of our proxies appended the address it saw;
    anything before that comes from the client and is not trusted.
    """
    hops = [hop.strip() for header in forwarded for hop in header.split(",")] + [peer]
    seen = hops[-1 - proxies] if proxies < len(hops) else hops[0]
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:
        return ""


def address_of_scope(scope: Mapping[str, Any], forwarded: Sequence[str], proxies: int) -> str:
    """`client_address` of an ASGI request or WebSocket."""
    peer, _ = scope.get("client") or ("", 0)
    return client_address(peer, forwarded, proxies)


def network_of_address(address: str) -> str:
    """What limits are counted by: the address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))
