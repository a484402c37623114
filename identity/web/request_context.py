"""Where a request came from: its id and the client's address, as the audit log names them."""

import ipaddress
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from allauth.account.adapter import get_adapter
from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """How a request came: its id, the client's address, and when by the monotonic clock."""

    request_id: str = ""
    address: str = ""
    at: float | None = None

    @classmethod
    def with_request(cls, request: HttpRequest) -> Self:
        """A request that comes in now."""
        return cls(
            request_id=request_id_of(request), address=address_of(request), at=time.monotonic()
        )

    def ago(self) -> timedelta:
        """How long since."""
        return timedelta(seconds=time.monotonic() - self.at if self.at is not None else 0)


NO_CONTEXT = RequestContext()


def request_id_of(request: HttpRequest) -> str:
    """The id that the middleware gave the request."""
    return str(getattr(request, "request_id", ""))


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
