"""Which addresses Vault calls: those of the public internet, and hosts that the operator lists.

The name is resolved once and the connection goes to the addresses that were checked, so that a name
cannot change its meaning in between.
"""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from foundation.outgoing.deadline import Deadline
from foundation.outgoing.errors import CallFailed, NotAllowed
from foundation.outgoing.slots import IN_ALL

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HTTPS_PORT = 443
FIRST_UNPRIVILEGED_PORT = 1024

# IANA's special-purpose registries for IPv4 (RFC 6890), multicast and the reserved rest.
REFUSED_IPV4 = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Global unicast is all that is called over IPv6. Loopback, link-local, site-local, unique local,
# multicast, IPv4-mapped and -compatible addresses and NAT64 (64:ff9b::/96) are outside of it.
GLOBAL_IPV6 = ip_network("2000::/3")
REFUSED_IPV6 = tuple(
    ip_network(one)
    for one in (
        "2001::/23",  # protocol assignments; Teredo embeds IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 embeds IPv4 addresses
        "3fff::/20",  # documentation
    )
)

# getaddrinfo(3) has no deadline of its own; a call waits for it no longer than for its own.
_resolver = ThreadPoolExecutor(IN_ALL, thread_name_prefix="resolver")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a connection goes to: addresses that were checked, and the port."""

    addresses: tuple[str, ...]
    port: int


def find_destination(url: str, deadline: Deadline) -> Destination:
    """The checked destination of a URL. Raises NotAllowed, and CallFailed when the name does not
    resolve in time.
    """
    if not may_be_visited(url):
        raise NotAllowed("The address is not allowed.")
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else HTTPS_PORT)
    trusted = host in settings.ENVIRONMENT.private_providers or _is_this_machine(parts)
    return resolve_destination(host, port, deadline, trusted=trusted)


def resolve_destination(host: str, port: int, deadline: Deadline, *, trusted: bool) -> Destination:
    """The addresses of a name, all of them public unless the operator trusts the host.

    Raises NotAllowed, and CallFailed when the name does not resolve in time.
    """
    if not trusted and port != HTTPS_PORT and port < FIRST_UNPRIVILEGED_PORT:
        raise NotAllowed("The port is not allowed.")
    addresses = _resolved(host, port, deadline)
    if not trusted and not all(is_public(address) and not is_own(address) for address in addresses):
        raise NotAllowed("The address is not allowed.")
    return Destination(addresses, port)


def may_be_visited(url: object) -> bool:
    """Whether the URL has a form to which a person may be sent, and Vault go when the address it
    resolves to is allowed: https without credentials, or this machine in development.
    """
    if (
        not isinstance(url, str)
        or not url.isascii()
        or any(character.isspace() for character in url)
    ):
        return False
    try:
        parts = urlsplit(url)
        odd = parts.username or parts.password or not parts.hostname or parts.port == 0
    except ValueError:
        return False
    return not odd and (parts.scheme == "https" or _is_this_machine(parts))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return not any(found in network for network in REFUSED_IPV4)
    return _is_public_ipv6(found)


def is_own(address: str) -> bool:
    """Whether an IP address is one of this machine's: only those can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _is_public_ipv6(address: IPv6Address) -> bool:
    return address in GLOBAL_IPV6 and not any(address in network for network in REFUSED_IPV6)


def _is_this_machine(parts: SplitResult) -> bool:
    local = parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES
    return bool(settings.ENVIRONMENT.development) and local


def _resolved(host: str, port: int, deadline: Deadline) -> tuple[str, ...]:
    asked = _resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(deadline.left())
    except (OSError, UnicodeError, TimeoutError):
        asked.cancel()
        raise CallFailed("The name does not resolve.") from None
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))
