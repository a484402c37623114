"""Destinations as people type them: one on a line, the host first, then how the value is put in.

api.stripe.com
api.anthropic.com header x-api-key
api.linear.app header Authorization {value}
api.mailgun.net basic api
maps.example.com:8443 query key
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from credentials.shapes.destinations import Destination
from disclosure import PROVIDERS, DestinationError, find_provider, parse_destinations

HELP = (
    "One host on a line, such as api.example.com or *.example.com, then how the value goes in "
    "unless as a bearer token: “header X-Api-Key”, “basic USER” or “query NAME”. "
    "Empty: the value is sent nowhere."
)
PROVIDER_CHOICES = [
    ("", "None of these"),
    *((provider.slug, provider.name) for provider in PROVIDERS),
]
# The members that the words after the host give, by the kind of injection.
_MEMBERS = {"bearer": (), "header": ("name", "format"), "basic": ("user",), "query": ("parameter",)}


class DestinationsField(forms.CharField):
    """Cleans to the wire form; None for nothing."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def prepare_value(self, value: Any) -> str:
        """What was typed, or the stored wire form as it is typed."""
        if not isinstance(value, list):
            return value or ""
        return typed_destinations([Destination.model_validate(item) for item in value])

    def clean(self, value: Any) -> list[dict[str, Any]] | None:
        # A disabled field is given the wire form.
        typed = super().clean(self.prepare_value(value))
        lines = [line.split(None, 2) for line in str(typed or "").splitlines()]
        try:
            found = parse_destinations([_wire(words) for words in lines if words])
        except DestinationError as error:
            raise ValidationError(str(error)) from None
        return [item.to_wire() for item in found] or None


def _wire(words: list[str]) -> dict[str, Any]:
    host, kind, rest = (*words, "", "")[:3]
    if not kind:
        return {"host": host}
    members = _MEMBERS.get(kind)
    if members is None or (rest and not members):
        raise DestinationError("After the host comes nothing, bearer, header, basic or query.")
    given = rest.split(None, len(members) - 1) if members and rest else []
    return {"host": host, "inject": {"type": kind, **dict(zip(members, given, strict=False))}}


def typed_destinations(destinations: Sequence[Destination] | None) -> str:
    """The destinations as people type them."""
    return "\n".join(typed_destination(item) for item in destinations or ())


def typed_destination(destination: Destination) -> str:
    """One destination as it is typed."""
    inject = destination.inject.model_dump()
    kind = inject.pop("type")
    if kind == "bearer":
        return destination.host
    if inject.get("format") == "{value}":
        del inject["format"]
    return " ".join([destination.host, kind, *(text for text in inject.values() if text)])


def with_provider(wire: list[dict[str, Any]] | None, slug: str) -> list[dict[str, Any]] | None:
    """The destinations with those of a well-known provider; a host that is named twice is kept as
    it was typed.
    """
    provider = find_provider(slug)
    if provider is None:
        return wire
    named = {item["host"] for item in wire or ()}
    added = (item.to_wire() for item in provider.destinations if item.wire_host not in named)
    return [*(wire or ()), *added]
