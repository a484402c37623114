"""Allowed redirect URIs: loopback addresses on any port, and https on listed hosts."""

import re
from dataclasses import dataclass
from typing import Self

from django.conf import settings

LONGEST = 256
_PATH = r"(?P<path>/[A-Za-z0-9._~!$&'()*+,=:@%/-]*)?"
_LOOPBACK = re.compile(
    rf"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?P<port>[1-9][0-9]{{0,4}}))?{_PATH}"
)
_LISTED = re.compile(rf"https://(?P<host>[a-z0-9](?:[a-z0-9.-]{{0,250}}[a-z0-9])?){_PATH}")


@dataclass(frozen=True, slots=True)
class Redirect:
    """A parsed redirect URI; never with query, fragment or user information."""

    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def parse(cls, uri: str) -> Self | None:
        """The redirect URI, or None for one that this server never redirects to."""
        if len(uri) > LONGEST:
            return None
        if match := _LOOPBACK.fullmatch(uri):
            port = int(match["port"]) if match["port"] else None
            if port is not None and port > 65_535:
                return None
            return cls("http", match["host"], port, match["path"] or "")
        match = _LISTED.fullmatch(uri)
        if match and match["host"] in settings.ENVIRONMENT.redirect_hosts:
            return cls("https", match["host"], None, match["path"] or "")
        return None

    @property
    def is_loopback(self) -> bool:
        """Whether the code goes to a program on the person's own computer."""
        return self.scheme == "http"

    @property
    def destination(self) -> str:
        """The destination as the consent page names it."""
        if not self.is_loopback:
            return self.host
        port = f", port {self.port}" if self.port else ""
        return f"a program on this computer{port}"

    @property
    def form_action(self) -> str:
        """The source that Content-Security-Policy must allow for the redirect after the form."""
        if self.host == "[::1]":
            return "http:"  # CSP's grammar has no IPv6 host (CSP3 §2.3.1)
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}"

    def matches(self, other: Self) -> bool:
        """Equal, except for the port of a loopback address (RFC 8252 §7.3)."""
        same = (self.scheme, self.host, self.path) == (other.scheme, other.host, other.path)
        return same and (self.is_loopback or self.port == other.port)


def allows(registered: list[str], uri: str) -> bool:
    """Whether `uri` is a registered one and still allowed."""
    asked = Redirect.parse(uri)
    if asked is None:
        return False
    known = (Redirect.parse(uri) for uri in registered)
    return any(redirect is not None and redirect.matches(asked) for redirect in known)
