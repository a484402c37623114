"""Every page for people, found in the URLconf, so that a new one is walked or fails."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

# Answered to programs, or part of a protocol that has tests of its own.
NO_PAGE = {
    r"api/v1/docs": "drawn by Swagger UI (tests/browser/test_api_docs.py)",
    r"livez|readyz|metrics|\^?api(/|\().*": "for programs",
    r"(api/v1/)?\.well-known/.*|oauth/(jwks|register|token|revoke|introspect)": "for programs",
    r"oauth/(authorize|complete|status/.*)": "need a client's request (tests/identity)",
    r"account/\^password/reset/key/.*": "needs a mailed link (tests/console/test_account.py)",
    r"account/passkeys/<int:pk>/.*": "need an authenticator (tests/identity)",
    r"account/sso/<slug:slug>/.*": "need a tenant's provider (tests/identity)",
    r"invitations/<str:link>": "needs a mailed link (tests/identity)",
    r"setup/<str:token>/": "needs an operator's link (tests/identity)",
}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """A page's address as the URLconf spells it."""

    pattern: str

    @property
    def names(self) -> list[str]:
        """What the address has to be told: `key`, `request_id` …"""
        return PARAMETER.findall(self.pattern)

    def of(self, things: Mapping[str, str]) -> str:
        """The address of these things; KeyError names a parameter that nobody has a thing for."""
        return "/" + PARAMETER.sub(lambda match: things[match[1]], self.pattern)


def every_address() -> list[str]:
    """Everything that is mounted."""
    return sorted(set(_addresses(get_resolver().url_patterns)))


def pages() -> list[Address]:
    """The addresses that people open or send forms to."""
    return [Address(one) for one in every_address() if not _is_no_page(one)]


def _is_no_page(pattern: str) -> bool:
    return any(re.fullmatch(one, pattern) for one in NO_PAGE)


def _addresses(patterns: list[URLPattern | URLResolver], start: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _addresses(one.url_patterns, start + str(one.pattern))
        else:
            yield start + str(one.pattern)
