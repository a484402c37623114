"""What every page needs of its request: the actor, and the context of its template."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from access.actor import Actor
from console.current_tenant import current_tenant, tenant_choices
from foundation.errors import Denied, SecondFactorRequired
from identity.sign_in.actors import console_actor

SECTION = "console_section"


def actor_for(request: HttpRequest) -> Actor:
    """The person in their current tenant; Denied when they belong to none, SecondFactorRequired
    while they lack one that the tenant asks for.
    """
    tenant = current_tenant(request)
    if tenant is None:
        raise Denied(
            "Your account belongs to no tenant.",
            hint="Ask an owner of the tenant that you want to join to add you.",
        )
    if tenant.locked:
        raise SecondFactorRequired(f"{tenant.name} asks its members for a second factor.")
    assert request.user.is_authenticated  # only a signed-in person has a tenant
    return console_actor(request, request.user, tenant)


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
