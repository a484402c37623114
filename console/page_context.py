"""What every page's template needs: where the person is, and where they may go."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.current_tenant import current_tenant, tenant_choices

SECTION = "console_section"


def set_section(request: HttpRequest, section: str) -> None:
    """Remember the sidebar's entry that the requested page belongs to."""
    vars(request)[SECTION] = section


def page_context(request: HttpRequest, section: str = "") -> dict[str, object]:
    """The context of page.html; `section` for a page that belongs to another one for some."""
    return {
        "current_tenant": current_tenant(request),
        "tenants": tenant_choices(request),
        "section": section or vars(request).get(SECTION, ""),
    }


def paging(request: HttpRequest, limit: int) -> dict[str, Any]:
    """The page of a list that the address names, as members of a list's input."""
    return {"limit": limit, "cursor": request.GET.get("cursor") or None}


def reload_if_changed(request: HttpRequest, state: str) -> HttpResponse:
    """Tell an open page whether to reload because its subject was settled elsewhere.

    The page sends the state that it shows (`was`); what is being typed stays as long as the state
    is the same.
    """
    if request.GET.get("was") == state:
        return HttpResponse(status=204)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
