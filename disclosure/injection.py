"""Putting a value into a request.

`inject` refuses what could change whom the request reaches, what it means, or which value counts.
It is for requests described by a caller (`vault.use_credential`). A proxy that passes on a whole
request of a program first takes out, with `forwardable_headers` and `without_parameter`, what a
program sends without meaning harm.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus

from disclosure.destinations import (
    VALUE_FIELD,
    Basic,
    Bearer,
    Header,
    Injection,
    Query,
    Target,
)
from disclosure.header_rules import is_header_name, is_reserved, normalize

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LONGEST_VALUE = 8192  # bytes; servers refuse headers and URLs above about this size
MOST_HEADERS = 64
LONGEST_HEADER = 8192

_HEADER_TEXT = re.compile(r"[\x20-\x7e\t]*")
_SEPARATORS = re.compile(r"[&;]")

Headers = Iterable[tuple[str, str]]


class InjectionError(ValueError):
    """The request or the value cannot be sent so. The text repeats nothing that was given."""


@dataclass(frozen=True, slots=True)
class InjectedRequest:
    """What is sent. `secrets` are the value and every form of it that the request contains: all of
    them have to be redacted from the answer.
    """

    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def inject(
    injection: Injection,
    value: str,
    target: Target,
    headers: Mapping[str, str] | Headers = (),
    body_length: int = 0,
) -> InjectedRequest:
    """The request to `target` with the value in it.

    `headers` are the caller's: a mapping or pairs. Raises InjectionError for a reserved header, one
    that stands for the injected one, a repeated or malformed one, a `Content-Length` other than
    `body_length`, a query that already has the parameter, and a value that the place cannot carry.
    """
    pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
    given = _checked_headers(pairs, injection, body_length)
    if not value or len(value.encode()) > LONGEST_VALUE:
        raise InjectionError(f"A value that is sent has 1 to {LONGEST_VALUE} bytes.")
    if isinstance(injection, Query):
        return _with_parameter(injection, value, target, given)
    name, text, secrets = _injected_header(injection, value)
    return InjectedRequest(target.url, (*given, (name, text)), secrets)


def require_method(method: str) -> str:
    """The method as it is sent. TRACE (which echoes) and CONNECT are refused. InjectionError."""
    if method not in METHODS:
        raise InjectionError(f"method is one of {', '.join(sorted(METHODS))}.")
    return method


def injected_header_name(injection: Injection) -> str | None:
    """The header that carries the value; None for a query parameter."""
    if isinstance(injection, Header):
        return injection.name
    return None if isinstance(injection, Query) else "Authorization"


def forwardable_headers(headers: Headers, injection: Injection) -> list[tuple[str, str]]:
    """For a proxy: the headers of a program's request without the reserved ones and without those
    that would stand for the injected one. The proxy sets `Host`, the framing and
    `Accept-Encoding: identity` itself.
    """
    replaced = injected_header_name(injection)
    folded = normalize(replaced) if replaced else None
    return [
        (name, text)
        for name, text in headers
        if is_header_name(name)
        and _HEADER_TEXT.fullmatch(text)
        and not is_reserved(name)
        and normalize(name) != folded
    ]


def without_parameter(target: Target, injection: Injection) -> Target:
    """For a proxy: the target without the query parameter that is going to be injected."""
    if not isinstance(injection, Query):
        return target
    path, question_mark, query = target.rest.partition("?")
    kept = [
        part
        for part in _SEPARATORS.split(query)
        if part and not _is_parameter(part, injection.parameter)
    ]
    rest = f"{path}?{'&'.join(kept)}" if question_mark and kept else path
    return Target(target.scheme, target.host, target.port, rest)


def _checked_headers(
    pairs: tuple[tuple[str, str], ...], injection: Injection, body_length: int
) -> tuple[tuple[str, str], ...]:
    if len(pairs) > MOST_HEADERS:
        raise InjectionError(f"A request has at most {MOST_HEADERS} headers.")
    injected = injected_header_name(injection)
    seen = {normalize(injected)} if injected else set()
    kept = []
    for name, text in pairs:
        if not isinstance(name, str) or not is_header_name(name):
            raise InjectionError("A header's name has characters that are not allowed.")
        if not isinstance(text, str) or not _HEADER_TEXT.fullmatch(text):
            raise InjectionError("A header's text is printable ASCII on one line.")
        if len(text) > LONGEST_HEADER:
            raise InjectionError(f"A header has at most {LONGEST_HEADER} characters.")
        folded = normalize(name)
        if folded == "content-length" and name.lower() == folded and text == str(body_length):
            continue  # the sender sets it anyway
        if is_reserved(name):
            raise InjectionError("A header is set by Vault alone; leave it out.")
        if folded in seen:
            raise InjectionError("A header is repeated, or stands for the injected one.")
        seen.add(folded)
        kept.append((name, text.strip()))
    return tuple(kept)


def _injected_header(
    injection: Bearer | Header | Basic, value: str
) -> tuple[str, str, tuple[str, ...]]:
    """The header's name and text, and the secrets that it contains."""
    if isinstance(injection, Basic):
        pair = f"{value}:" if injection.user is None else f"{injection.user}:{value}"
        if injection.user is None and ":" in value:
            raise InjectionError("A value with a colon cannot be the user name of Basic.")
        token = base64.b64encode(pair.encode()).decode()
        return "Authorization", f"Basic {token}", (value, token, f"Basic {token}")
    if not _HEADER_TEXT.fullmatch(value) or value != value.strip():
        raise InjectionError("This value has characters that a header cannot carry.")
    if isinstance(injection, Header):
        text = injection.format.replace(VALUE_FIELD, value)
        return injection.name, text, (value, text)
    return "Authorization", f"Bearer {value}", (value, f"Bearer {value}")


def _with_parameter(
    injection: Query, value: str, target: Target, headers: tuple[tuple[str, str], ...]
) -> InjectedRequest:
    path, question_mark, query = target.rest.partition("?")
    if any(_is_parameter(part, injection.parameter) for part in _SEPARATORS.split(query)):
        raise InjectionError("The URL already has the parameter that Vault adds.")
    encoded = quote(value, safe="")
    name = quote(injection.parameter, safe="")
    joined = f"{query}&{name}={encoded}" if question_mark and query else f"{name}={encoded}"
    url = Target(target.scheme, target.host, target.port, f"{path}?{joined}").url
    secrets = (value,) if encoded == value else (value, encoded)
    return InjectedRequest(url, headers, secrets)


def _is_parameter(part: str, parameter: str) -> bool:
    """Whether a part of a query gives the parameter, in any encoding, case or array form."""
    name = unquote_plus(unquote_plus(part.partition("=")[0]))
    return _parameter_name(name) == _parameter_name(parameter)


def _parameter_name(name: str) -> str:
    """The name by which servers may take two parameters for the same one (PHP: `.` is `_`)."""
    return re.sub(r"[^a-z0-9]", "_", name.strip().casefold().partition("[")[0])
