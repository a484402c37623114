"""The people's addresses, included at the root by `vaultsite.urls`; the pages are in the table."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import URLPattern, include, path, register_converter
from django.utils.encoding import iri_to_uri
from django.views.generic import RedirectView

from console.page import Page, guarded_view
from console.pages.table import PAGES

ADMIN = "admin"


class AccessRequestId:
    """Tells requests for access from requests for leases, which share an address."""

    regex = "req_[0-9a-f]{32}"

    def to_python(self, text: str) -> str:
        """The id as it is in the address."""
        return text

    to_url = to_python


class CredentialRequestId(AccessRequestId):
    """Tells requests for a missing credential from them."""

    regex = "creq_[0-9a-f]{32}"


class MovedAddress(AccessRequestId):
    """What follows `admin/` in an address that has moved."""

    regex = "(?:credentials|folders|import|leases)/.*"


def moved_page(request: HttpRequest, rest: str) -> HttpResponse:
    """Redirect to where the page is now; the method stays, so an open form is sent there."""
    target = "/leases/all/" if rest == "leases/" else f"/{quote(rest)}"
    query = iri_to_uri(request.META["QUERY_STRING"])
    return HttpResponsePermanentRedirect(
        f"{target}?{query}" if query else target, preserve_request=True
    )


register_converter(AccessRequestId, "req")
register_converter(CredentialRequestId, "creq")
register_converter(MovedAddress, "moved")


def _pattern(page: Page, prefix: str = "") -> URLPattern:
    name = page.name.rpartition(":")[2] or None
    return path(page.address.removeprefix(prefix), guarded_view(page), name=name)


_admin = [_pattern(page, f"{ADMIN}/") for page in PAGES if page.address.startswith(f"{ADMIN}/")]
urlpatterns = [
    # The address without the slash is what agents and mails give.
    path("approvals/<str:request_id>", RedirectView.as_view(pattern_name="approval")),
    # What was under `admin/` before everybody had it.
    path(f"{ADMIN}/<moved:rest>", moved_page, name="moved"),
    *(_pattern(page) for page in PAGES if not page.address.startswith(f"{ADMIN}/")),
    path(f"{ADMIN}/", include((_admin, ADMIN))),
]
