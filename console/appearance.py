"""Light, dark, or as the system has it: kept in a cookie, so that the first byte is right already.

The server writes an attribute and the stylesheet does the rest: no script, no flash.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

COOKIE = "vault-appearance"
CHOICES = ("system", "light", "dark")
A_YEAR = 365 * 86_400


def appearance(request: HttpRequest) -> dict[str, str]:
    """For every template: what the person chose, or `system`."""
    chosen = request.COOKIES.get(COOKIE, "")
    return {"appearance": chosen if chosen in CHOICES else "system"}


@require_POST
@never_cache
def choose_appearance(request: HttpRequest) -> HttpResponse:
    """Remember the choice in this browser and go back; needs no sign-in."""
    back = request.POST.get("next", "")
    answer = redirect(back if url_has_allowed_host_and_scheme(back, None) else "home")
    chosen = request.POST.get("appearance", "")
    if chosen in CHOICES:
        answer.set_cookie(
            COOKIE,
            chosen,
            max_age=A_YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return answer
