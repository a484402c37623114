"""The client's address, trusting as many proxies as the operator runs."""

import ipaddress
from collections.abc import Sequence


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
