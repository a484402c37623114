"""The people's addresses, included at the root by `vaultsite.urls`; the pages are in the table."""

from django.urls import URLPattern, include, path, register_converter
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


register_converter(AccessRequestId, "req")
register_converter(CredentialRequestId, "creq")


def _pattern(page: Page, prefix: str = "") -> URLPattern:
    name = page.name.rpartition(":")[2] or None
    return path(page.address.removeprefix(prefix), guarded_view(page), name=name)


_admin = [_pattern(page, f"{ADMIN}/") for page in PAGES if page.address.startswith(f"{ADMIN}/")]
urlpatterns = [
    # The address without the slash is what agents and mails give.
    path("approvals/<str:request_id>", RedirectView.as_view(pattern_name="approval")),
    *(_pattern(page) for page in PAGES if not page.address.startswith(f"{ADMIN}/")),
    path(f"{ADMIN}/", include((_admin, ADMIN))),
]
