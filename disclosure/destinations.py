"""Where a value may be sent, and how it is put into the request.

The wire form is a list of objects `{"host": …, "inject": …}`:

- `host`: `api.example.com`, `*.example.com` (exactly one more label), either with `:port` (443
  without one);
- `inject`: one of
  `{"type": "bearer"}` (the default when `inject` is missing),
  `{"type": "header", "name": "X-Api-Key", "format": "{value}"}` (`format` may be omitted),
  `{"type": "basic", "user": "api"}` (the value is the password; without `user` the value is the
  user name and the password is empty),
  `{"type": "query", "parameter": "key"}`.

A request matches by the scheme, host and port of its URL, compared exactly. `https` only, except
for hosts that the caller lists as development hosts.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, TypeAlias

from disclosure.header_rules import is_header_name, is_reserved

HTTPS_PORT = 443
HTTP_PORT = 80
MOST_DESTINATIONS = 16
LONGEST_HOST = 253
VALUE_FIELD = "{value}"

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER_LIKE = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]+)(?P<rest>[/?][^#]*)?", re.IGNORECASE)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_FORMAT = re.compile(r"[\x20-\x7e]{1,200}")
_PARAMETER = re.compile(r"[A-Za-z0-9._~\[\]-]{1,128}")


class DestinationError(ValueError):
    """A destination or a URL has the wrong form. The text repeats nothing that was given."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """`Authorization: Bearer <value>` (RFC 6750)."""

    def to_wire(self) -> dict[str, str]:
        return {"type": "bearer"}


@dataclass(frozen=True, slots=True)
class Header:
    """A header of its own; `format` contains `{value}` exactly once."""

    name: str
    format: str = VALUE_FIELD

    def to_wire(self) -> dict[str, str]:
        return {"type": "header", "name": self.name, "format": self.format}


@dataclass(frozen=True, slots=True)
class Basic:
    """HTTP Basic (RFC 7617): the value is the password of `user`, or the user name without one."""

    user: str | None = None

    def to_wire(self) -> dict[str, str]:
        return {"type": "basic"} if self.user is None else {"type": "basic", "user": self.user}


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the URL's query."""

    parameter: str

    def to_wire(self) -> dict[str, str]:
        return {"type": "query", "parameter": self.parameter}


Injection: TypeAlias = Bearer | Header | Basic | Query


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL names: `rest` is the path with the query, at least `/`."""

    scheme: str
    host: str
    port: int
    rest: str

    @property
    def url(self) -> str:
        """The URL in one spelling; the default port is left out."""
        usual = HTTPS_PORT if self.scheme == "https" else HTTP_PORT
        port = "" if self.port == usual else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.rest}"


@dataclass(frozen=True, slots=True)
class Destination:
    """A host that a value may be sent to, and how the value is put in."""

    host: str
    port: int = HTTPS_PORT
    inject: Injection = Bearer()

    def matches(self, host: str, port: int) -> bool:
        """Whether a connection to `host` (lower case) and `port` is meant."""
        if port != self.port:
            return False
        if not self.host.startswith("*."):
            return host == self.host
        label, dot, parent = host.partition(".")
        return bool(label and dot) and parent == self.host[2:]

    @property
    def wire_host(self) -> str:
        """The host as written on the wire: the port only where it is not 443."""
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"

    def to_wire(self) -> dict[str, Any]:
        return {"host": self.wire_host, "inject": self.inject.to_wire()}


def parse_destinations(wire: Iterable[Mapping[str, Any]] | None) -> tuple[Destination, ...]:
    """The destinations of a wire form; none for null. Raises DestinationError."""
    if wire is None:
        return ()
    if isinstance(wire, (str, bytes, Mapping)):
        raise DestinationError("destinations is a list of objects.")
    found = tuple(parse_destination(item) for item in wire)
    if len(found) > MOST_DESTINATIONS:
        raise DestinationError(f"destinations has at most {MOST_DESTINATIONS} items.")
    if len({(item.host, item.port) for item in found}) != len(found):
        raise DestinationError("destinations names a host twice.")
    return found


def parse_destination(wire: Mapping[str, Any]) -> Destination:
    """One destination of its wire form. Raises DestinationError."""
    if not isinstance(wire, Mapping) or not set(wire) <= {"host", "inject"}:
        raise DestinationError("A destination has the members host and inject.")
    host, port = _parse_host(wire.get("host"))
    return Destination(host, port, parse_injection(wire.get("inject")))


def parse_injection(wire: Any) -> Injection:
    """How the value is put in; bearer for null. Raises DestinationError."""
    if wire is None:
        return Bearer()
    if not isinstance(wire, Mapping) or not all(
        isinstance(name, str) and isinstance(text, str) for name, text in wire.items()
    ):
        raise DestinationError("inject is an object of strings with a type.")
    members = set(wire) - {"type"}
    kind = wire.get("type")
    if kind == "bearer" and not members:
        return Bearer()
    if kind == "header" and "name" in members and members <= {"name", "format"}:
        return _header(wire["name"], wire.get("format", VALUE_FIELD))
    if kind == "basic" and members <= {"user"}:
        return _basic(wire.get("user"))
    if kind == "query" and members == {"parameter"}:
        return _query(wire["parameter"])
    raise DestinationError(
        "inject is one of bearer, header (name, format), basic (user) and query (parameter)."
    )


def parse_url(url: str) -> Target:
    """The target of an absolute http or https URL. Raises DestinationError.

    Everything that two parsers could read differently is refused: user names, backslashes, spaces,
    control and non-ASCII characters, fragments, IPv6 literals and numbers that mean an address.
    """
    if not isinstance(url, str) or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise DestinationError("The URL contains characters that are not allowed.")
    match = _URL.fullmatch(url)
    if match is None:
        raise DestinationError("The URL is absolute, http or https, and has no fragment.")
    scheme = match["scheme"].lower()
    host, port = _parse_authority(match["authority"], scheme)
    rest = match["rest"] or "/"
    return Target(scheme, host, port, rest if rest.startswith("/") else f"/{rest}")


def find_destination(
    destinations: Iterable[Destination], url: str, development_hosts: Collection[str] = ()
) -> tuple[Destination, Target] | None:
    """The destination that allows `url`, with the URL's parts; None when there is none.

    `development_hosts` are names or `name:port` to which plain http is allowed. Raises
    DestinationError when the URL has the wrong form. An exact host goes before a wildcard.
    """
    target = parse_url(url)
    if target.scheme != "https" and not is_listed(target, development_hosts):
        return None
    matching = [item for item in destinations if item.matches(target.host, target.port)]
    matching.sort(key=lambda item: item.host.startswith("*."))
    return (matching[0], target) if matching else None


def is_listed(target: Target, hosts: Collection[str]) -> bool:
    """Whether the target's host, alone or with its port, is in the list."""
    return target.host in hosts or f"{target.host}:{target.port}" in hosts


def _parse_authority(authority: str, scheme: str) -> tuple[str, int]:
    name, colon, port = authority.partition(":")
    if colon and not _is_port(port):
        raise DestinationError("The URL's port is a number from 1 to 65535.")
    host = name.lower()
    _require_host_name(host)
    return host, int(port) if colon else HTTPS_PORT if scheme == "https" else HTTP_PORT


def _parse_host(text: Any) -> tuple[str, int]:
    if not isinstance(text, str):
        raise DestinationError("A destination's host is a string.")
    name, colon, port = text.partition(":")
    if colon and not _is_port(port):
        raise DestinationError("A destination's port is a number from 1 to 65535.")
    host = name.lower()
    parent = host.removeprefix("*.")
    _require_host_name(parent)
    if parent != host and ("." not in parent or _is_address(parent)):
        raise DestinationError("A wildcard stands for one label of a name with two or more others.")
    return host, int(port) if colon else HTTPS_PORT


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and int(text) <= 65535


def _require_host_name(host: str) -> None:
    labels = host.split(".")
    valid = len(host) <= LONGEST_HOST and all(_LABEL.fullmatch(label) for label in labels)
    if not valid or (_NUMBER_LIKE.fullmatch(labels[-1]) and not _is_address(host)):
        raise DestinationError(
            "A host is a name of letters, digits, hyphens and dots, or an IPv4 address."
        )


def _is_address(host: str) -> bool:
    """Whether it is an IPv4 address in its one usual spelling."""
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False


def _header(name: str, pattern: str) -> Header:
    if not is_header_name(name) or is_reserved(name):
        raise DestinationError("inject.name is not a header that may carry a value.")
    if not _FORMAT.fullmatch(pattern) or pattern.count(VALUE_FIELD) != 1:
        raise DestinationError(f"inject.format is ASCII text that contains {VALUE_FIELD} once.")
    if pattern != pattern.strip():
        raise DestinationError("inject.format has no space at its ends.")
    return Header(name, pattern)


def _basic(user: str | None) -> Basic:
    if user is not None and (":" in user or not user.isprintable() or not 1 <= len(user) <= 128):
        raise DestinationError("inject.user is 1 to 128 printable characters without a colon.")
    return Basic(user)


def _query(parameter: str) -> Query:
    if not _PARAMETER.fullmatch(parameter):
        raise DestinationError("inject.parameter is 1 to 128 letters, digits or ._~-[].")
    return Query(parameter)
