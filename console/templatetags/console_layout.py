"""What page.html shows around a page, and icons."""

from typing import Any

from django.http import HttpRequest
from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.current_tenant import current_tenant, tenant_choices
from console.navigation import links
from console.page_context import actor_for
from foundation.errors import VaultError

register = Library()


@register.simple_tag(takes_context=True)
def surroundings(context: dict[str, Any]) -> dict[str, object]:
    """Where the person is and may go; libraries' pages are rendered without `page_context()`."""
    request: HttpRequest = context["request"]
    tenant = current_tenant(request)
    section = context.get("section", "account")
    if tenant is None:
        return {"current_tenant": None, "tenants": [], "groups": [], "waiting": 0}
    try:
        groups = links(tenant.role, section, actor_for(request))
    except VaultError:  # the page says what is wrong; its frame must not fail for the same reason
        groups = links(tenant.role, section, None)
    return {
        "current_tenant": tenant,
        "tenants": tenant_choices(request),
        "groups": groups,
        "waiting": sum(link.waiting for _, group in groups for link in group),
    }


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon from the sprite; the text beside it says what it means."""
    return format_html(
        '<svg class="icon" width="20" height="20" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("icons.svg"),
        name,
    )
