"""The team page: what a member may use, and whom to ask for more."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.actors import actor_for
from console.choices import admins
from console.current_tenant import current_tenant, remember_tenant
from console.errors import handle_errors
from console.page_context import page_context, signed_in
from console.pages.access_requests import ask_form
from credentials.operations import show_reach
from credentials.shapes.access_reports import ShowReach
from credentials.validators import check_key
from foundation.db.ids import public_id
from foundation.errors import Invalid, NotFound
from identity.sign_in import first_run

PAGE = 100


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The start: the console for owners and admins, the team page for everybody else; in an
    installation that nobody has set up, where that is done.
    """
    place = current_tenant(request)
    if place is None and first_run.is_open():
        return redirect("setup")
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    return redirect("admin:index" if place and place.is_admin else "team")


@require_safe
@never_cache
@signed_in
@handle_errors
def team(request: HttpRequest) -> HttpResponse:
    """What one may do and by which rule; `ask` names a credential to ask for, `level` how much."""
    actor = actor_for(request)
    wish = {
        "personId": public_id("person", actor.person),
        "limit": PAGE,
        "cursor": request.GET.get("cursor") or None,
    }
    key = _asked(request.GET.get("ask", ""))
    shown = {
        **page_context(request, "team"),
        "page": show_reach(actor, ShowReach.parse(wish)),
        "governors": admins(actor),
        "ask": key,
        "tab": "own",
        "form": ask_form(key, request.GET.get("level", "")),
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
@handle_errors
def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Look at another of one's tenants."""
    if not remember_tenant(request, request.POST.get("tenant", "")):
        raise NotFound("You belong to no such tenant.")
    return redirect("home")
