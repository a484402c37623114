"""Request parameters, parsed strictly before any library reads them."""

import re
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

FORM = "application/x-www-form-urlencoded"
LONGEST = 16 * 1024
MOST = 50
_ALLOWED = re.compile(rb"(?:[\x21-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Parameters = dict[str, list[str]]


class BadParameters(Exception):
    """A rule is broken; the text names the rule, never the input."""


def query_of(request: HttpRequest) -> Parameters:
    """The query's parameters; only `resource` may be repeated (RFC 8707 §2)."""
    return _read(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"))


def form_of(request: HttpRequest) -> Parameters:
    """The body's parameters; an additional query is refused (RFC 6749 §3.2)."""
    if request.META.get("QUERY_STRING"):
        raise BadParameters("Parameters belong in the body.")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if request.content_type != FORM or charset.lower() != "utf-8":
        raise BadParameters(f"The body must be {FORM} in UTF-8.")
    return _read(body_of(request, LONGEST))


def body_of(request: HttpRequest, longest: int) -> bytes:
    """The body, at most `longest` bytes."""
    try:
        body = request.body
    except RequestDataTooBig:
        raise BadParameters("The request is too long.") from None
    if len(body) > longest:
        raise BadParameters("The request is too long.")
    return body


def _read(raw: bytes) -> Parameters:
    if len(raw) > LONGEST:
        raise BadParameters("The request is too long.")
    if not _ALLOWED.fullmatch(raw):
        raise BadParameters("The parameters are not form-encoded.")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST
        )
    except ValueError:
        raise BadParameters("The parameters are not form-encoded UTF-8.") from None
    found: Parameters = {}
    for name, value in pairs:
        if _CONTROL.search(name) or _CONTROL.search(value):
            raise BadParameters("Control characters are not allowed.")
        found.setdefault(name, []).append(value)
    if any(len(values) > 1 for name, values in found.items() if name != "resource"):
        raise BadParameters("A parameter is given more than once.")
    return found
