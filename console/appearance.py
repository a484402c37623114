"""Light, dark, or the system's choice, kept in a cookie.

The server writes an attribute for the stylesheet, so that no script is needed and no page flashes.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

COOKIE = "vault-appearance"
CHOICES = ("system", "light", "dark")
A_YEAR = 365 * 86_400


def appearance(request: HttpRequest) -> dict[str, str]:
    """Context processor: the person's choice, or `system`."""
    chosen = request.COOKIES.get(COOKIE, "")
    return {"appearance": chosen if chosen in CHOICES else "system"}


def choose_appearance(request: HttpRequest) -> HttpResponse:
    """Remember the choice in this browser, and go back."""
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
