"""The team page: what a member may use, and whom to ask for more."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from access.errors import Invalid, NotFound
from access.ids import public_id
from console.actors import actor_for
from console.choices import governors
from console.errors import told
from console.pages.asking import ask_form
from console.pages.framing import frame, signed_in
from console.places import current_place, pick
from credentials.naming import check_key
from credentials.operations import show_reach
from credentials.reach_shapes import ShowReach
from identity import first_run

PAGE = 100


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
    """What one may do and by which rule; `ask` names a credential to ask for, `level` how much."""
    actor = actor_for(request)
    wish = {
        "personId": public_id("person", actor.person),
        "limit": PAGE,
        "cursor": request.GET.get("cursor") or None,
    }
    key = _asked(request.GET.get("ask", ""))
    shown = {
        **frame(request, "team"),
        "page": show_reach(actor, ShowReach.parse(wish)),
        "governors": governors(actor),
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
@told
def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Look at another of one's tenants."""
    if not pick(request, request.POST.get("tenant", "")):
        raise NotFound("You belong to no such tenant.")
    return redirect("home")
