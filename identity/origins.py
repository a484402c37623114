"""Where a request came from: its id and the client's address, as the audit log names them."""

import ipaddress

from allauth.account.adapter import get_adapter
from django.http import HttpRequest


def request_id_of(request: HttpRequest) -> str:
    """The id that the middleware gave the request."""
    return str(request.META.get("HTTP_X_REQUEST_ID", ""))


def address_of(request: HttpRequest) -> str:
    """The client's address; X-Forwarded-For counts only behind that many trusted proxies."""
    return str(get_adapter(request).get_client_ip(request))


def network_of(request: HttpRequest) -> str:
    """What limits are counted by: the address, or the /64 of an IPv6 one."""
    address = address_of(request)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))
