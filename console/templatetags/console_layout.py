"""What page.html draws around a page, and the small parts that templates share."""

from typing import Any

from django.http import HttpRequest
from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.actors import actor_for
from console.current_tenant import current_tenant, tenant_choices
from console.navigation import links
from foundation.errors import VaultError

register = Library()


@register.simple_tag(takes_context=True)
def surroundings(context: dict[str, Any]) -> dict[str, object]:
    """Where the person is and may go; pages of libraries come without a `page_context()`."""
    request: HttpRequest = context["request"]
    place = context.get("place") or current_tenant(request)
    section = context.get("section", "account")
    if place is None:
        return {"place": None, "places": [], "groups": []}
    try:
        groups = links(place.is_admin, section, actor_for(request))
    except VaultError:  # a page says what is wrong; its frame must not fail for the same reason
        groups = links(place.is_admin, section, None)
    return {
        "place": place,
        "places": context.get("places") or tenant_choices(request),
        "groups": groups,
    }


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture from the one sprite; the words beside it say what it means."""
    return format_html(
        '<svg class="icon" width="20" height="20" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("icons.svg"),
        name,
    )
