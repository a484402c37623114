"""The URLs below /api/v1/, from the table of routes."""

from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from restapi.documentation import Document, Page
from restapi.routes import ROUTES
from restapi.routes.route import PLACE, Route
from restapi.views import resource


def _patterns() -> list[URLPattern]:
    """One view per path; literal segments come before parameters that would match them."""
    addresses: dict[str, list[Route]] = {}
    for route in ROUTES:
        addresses.setdefault(route.path, []).append(route)
    return [
        path(PLACE.sub(r"<str:\1>", address), resource(addresses[address]).as_view())
        for address in sorted(addresses, key=_fixed_first)
    ]


def _fixed_first(address: str) -> list[tuple[bool, str]]:
    return [(part.startswith("{"), part) for part in address.split("/")]


urlpatterns = [
    path("openapi.json", Document.as_view(), name="openapi"),
    path("docs", csrf_exempt(Page.as_view()), name="api_docs"),
    *_patterns(),
]
