"""Which address a request came from, with as many proxies believed as the operator runs."""

import ipaddress
from collections.abc import Sequence


def client_address(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """The client's IP address, or an empty text when it is none.

    `forwarded` are the X-Forwarded-For headers. Each proxy of ours added the address it saw at
    the end; what stands before that was sent by the client and is not believed.
    """
    hops = [hop.strip() for header in forwarded for hop in header.split(",")] + [peer]
    seen = hops[-1 - proxies] if proxies < len(hops) else hops[0]
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:
        return ""
