"""The team page: what a member may use, and whom to ask for more."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from access.errors import Invalid, NotFound
from console.actors import actor_for
from console.choices import governors
from console.errors import told
from console.pages.framing import frame, signed_in
from console.places import current_place, pick
from credentials.naming import check_key
from credentials.operations import list_credentials
from credentials.shapes import MAXIMUM_PAGE, ListCredentials
from identity import first_run


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The start: the console for owners and admins, the team page for everybody else; in an
    installation that nobody has set up, where that is done.
    """
    place = current_place(request)
    if place is None and first_run.is_open():
        return redirect("setup")
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    return redirect("admin:index" if place and place.governs else "team")


@require_safe
@never_cache
@signed_in
@told
def team(request: HttpRequest) -> HttpResponse:
    """Own levels, and the owners and admins of the tenant; `ask` names a credential to ask for."""
    actor = actor_for(request)
    cursor = request.GET.get("cursor") or None
    shown = {
        **frame(request, "team"),
        "page": list_credentials(
            actor, ListCredentials.parse({"limit": MAXIMUM_PAGE, "cursor": cursor})
        ),
        "governors": governors(actor),
        "ask": _asked(request.GET.get("ask", "")),
    }
    return render(request, "console/team.html", shown)


def _asked(key: str) -> str:
    """The key to ask for, or nothing when it cannot be one."""
    try:
        return check_key(key)
    except Invalid:
        return ""


@require_POST
@never_cache
@signed_in
@told
def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Look at another of one's tenants."""
    if not pick(request, request.POST.get("tenant", "")):
        raise NotFound("You belong to no such tenant.")
    return redirect("home")
