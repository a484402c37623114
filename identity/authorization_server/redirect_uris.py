"""Allowed redirect URIs: loopback addresses on any port, those of well-known clients, those that
the operator lists, and for a client with a metadata document those of the document's origin.
"""

import re
from dataclasses import dataclass
from typing import Self

from django.conf import settings

from identity.authorization_server.well_known_clients import WellKnownClient, well_known_client

LONGEST = 256
HIGHEST_PORT = 65_535
_PORT = r"(?::(?P<port>[1-9][0-9]{0,4}))?"
_PATH = r"(?P<path>/[A-Za-z0-9._~!$&'()*+,=:@%/-]*)?"
_LOOPBACK = re.compile(rf"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost){_PORT}{_PATH}")
_WEB = re.compile(rf"https://(?P<host>[a-z0-9](?:[a-z0-9.-]{{0,250}}[a-z0-9])?){_PORT}{_PATH}")
# RFC 8252 §7.1; the scheme alone is no address.
_PRIVATE_USE = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]{{1,63}}):(?://(?P<host>[a-z0-9.-]+))?{_PATH}"
)
# Schemes that a browser or the system acts on itself.
_NOT_PRIVATE = frozenset(
    (
        "http",
        "https",
        "ws",
        "wss",
        "ftp",
        "file",
        "filesystem",
        "data",
        "blob",
        "javascript",
        "vbscript",
        "about",
        "view-source",
        "mailto",
        "tel",
        "sms",
        "urn",
        "intent",
        "ssh",
        "ms-settings",
    )
)


@dataclass(frozen=True, slots=True)
class Redirect:
    """A parsed redirect URI; never with query, fragment or user information."""

    scheme: str
    host: str
    port: int | None
    path: str
    known: WellKnownClient | None = None

    @classmethod
    def parse(cls, uri: str, origin: str = "") -> Self | None:
        """The redirect URI, or None for one that this server never redirects to.

        `origin` is that of the client's metadata document, if it has one.
        """
        found = cls.read(uri)
        if found is None or found.is_loopback:
            return found
        known = well_known_client(uri) if settings.ENVIRONMENT.well_known_redirects else None
        if known:
            return cls(found.scheme, found.host, found.port, found.path, known)
        own = found.scheme == "https" and found.origin == origin
        return found if own or _is_listed(uri, found) else None

    @classmethod
    def read(cls, uri: str) -> Self | None:
        """A URI of a form that could be allowed; None for any other."""
        if len(uri) > LONGEST:
            return None
        web = _LOOPBACK.fullmatch(uri) or _WEB.fullmatch(uri)
        if web is None:
            return cls._private_use(uri)
        port = int(web["port"]) if web["port"] else None
        if port is not None and port > HIGHEST_PORT:
            return None
        return cls(uri.partition(":")[0], web["host"], port, web["path"] or "")

    @classmethod
    def _private_use(cls, uri: str) -> Self | None:
        match = _PRIVATE_USE.fullmatch(uri)
        if match is None or match["scheme"] in _NOT_PRIVATE:
            return None
        if not match["host"] and not match["path"]:
            return None
        return cls(match["scheme"], match["host"] or "", None, match["path"] or "")

    @property
    def is_loopback(self) -> bool:
        """Whether the code goes to a program on the person's own computer, at an address."""
        return self.scheme == "http"

    @property
    def is_private_use(self) -> bool:
        """Whether the code goes to the app that answers to a scheme on the person's computer."""
        return self.scheme not in ("http", "https")

    @property
    def origin(self) -> str:
        """Scheme, host and port of an https address."""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}"

    @property
    def destination(self) -> str:
        """The destination as the consent page names it."""
        if self.is_loopback:
            port = f", port {self.port}" if self.port else ""
            return f"a program on this computer{port}"
        if self.is_private_use:
            return f"the app on this computer that opens “{self.scheme}:” addresses"
        return f"the website {self.origin.removeprefix('https://')}"

    @property
    def caution(self) -> str:
        """What the consent page says of who is behind the address."""
        if self.is_private_use:
            maker = f" It is the address of {self.known.name}, but any" if self.known else " Any"
            return f"{maker} app on this computer can claim such addresses.".strip()
        if self.known:
            return (
                f"It is an address of {self.known.name}: go on only if you use {self.known.name}."
            )
        return ""

    @property
    def form_action(self) -> str:
        """The source that Content-Security-Policy must allow for the redirect after the form."""
        if self.host == "[::1]":
            return "http:"  # CSP's grammar has no IPv6 host (CSP3 §2.3.1)
        if self.is_private_use:
            return f"{self.scheme}:"
        return self.origin

    def matches(self, other: Self) -> bool:
        """Equal, except for the port of a loopback address (RFC 8252 §7.3)."""
        same = (self.scheme, self.host, self.path) == (other.scheme, other.host, other.path)
        return same and (self.is_loopback or self.port == other.port)


def _is_listed(uri: str, found: Redirect) -> bool:
    """Whether the operator lists the URI, or its https host with exactly this port."""
    given = settings.ENVIRONMENT
    place = found.origin.removeprefix("https://")
    return uri in given.redirect_uris or (found.scheme == "https" and place in given.redirect_hosts)


def allows(registered: list[str], uri: str, origin: str = "") -> bool:
    """Whether `uri` is a registered one and still allowed."""
    asked = Redirect.parse(uri, origin)
    if asked is None:
        return False
    known = (Redirect.parse(uri, origin) for uri in registered)
    return any(redirect is not None and redirect.matches(asked) for redirect in known)
