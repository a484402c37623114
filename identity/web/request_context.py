"""Where a request comes from: its id and the client's address, as the audit log names them."""

import time
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from foundation.web.client_ip import network_of_address


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """A request's id, the client's address, and its arrival by the monotonic clock in seconds."""

    request_id: str = ""
    address: str = ""
    received_at: float | None = None

    def age(self) -> timedelta:
        """How long ago the request arrived; zero when that is not known."""
        if self.received_at is None:
            return timedelta(0)
        return timedelta(seconds=time.monotonic() - self.received_at)


NO_CONTEXT = RequestContext()

# The first match counts: Chrome, for example, also names Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def request_context(request: HttpRequest) -> RequestContext:
    """The context of a request that arrives now."""
    return RequestContext(
        request_id=request_id_of(request),
        address=address_of(request),
        received_at=time.monotonic(),
    )


def request_id_of(request: HttpRequest) -> str:
    """The id that the middleware gave the request."""
    return str(getattr(request, "request_id", ""))


def address_of(request: HttpRequest) -> str:
    """The client's address; X-Forwarded-For counts only behind that many trusted proxies."""
    return str(get_adapter(request).get_client_ip(request))


def network_of(request: HttpRequest) -> str:
    """What limits are counted by: the address, or the /64 of an IPv6 address."""
    return network_of_address(address_of(request))


def browser_of(request: HttpRequest) -> str:
    """What the browser claims to be, such as "Firefox on Linux"; for lists and mails only."""
    claimed = request.headers.get("User-Agent", "")
    name = next((name for mark, name in BROWSERS if mark in claimed), "A browser")
    system = next((name for mark, name in SYSTEMS if mark in claimed), "")
    return f"{name} on {system}" if system else name
