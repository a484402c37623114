"""The team page: what a member may use, and whom to ask for more access."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from access.levels import Role
from console.access_request_form import ask_form
from console.current_tenant import current_tenant, remember_tenant
from console.page_context import actor_for, page_context, paging
from credentials.operations import show_reach
from credentials.shapes.access_reports import ShowReach
from credentials.validators import check_key
from foundation.db.ids import public_id
from foundation.errors import Invalid, NotFound
from identity.sign_in import first_run
from tenants.operations.choices import list_admins

PAGE = 100


def home(request: HttpRequest) -> HttpResponse:
    """Redirect owners and admins to the dashboard, auditors to the audit log and everybody else to
    their credentials; in a new installation, to its setup.
    """
    tenant = current_tenant(request)
    if tenant is None and first_run.is_open():
        return redirect("setup")
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if tenant and tenant.role is Role.AUDITOR:
        return redirect("admin:audit")
    return redirect("admin:index" if tenant and tenant.is_admin else "credentials")


def team(request: HttpRequest) -> HttpResponse:
    """What the person may do and by which rule; `ask` and `level` fill in a request for access."""
    actor = actor_for(request)
    query = {
        "personId": public_id("person", actor.person),
        **paging(request, PAGE),
    }
    key = _asked(request.GET.get("ask", ""))
    shown = {
        **page_context(request),
        "page": show_reach(actor, ShowReach.parse(query)),
        "admins": list_admins(actor).admins,
        "ask": key,
        "tab": "own",
        "form": ask_form(key, request.GET.get("level", "")),
    }
    return render(request, "console/team.html", shown)


def _asked(key: str) -> str:
    """The key to request, or nothing when it is malformed."""
    try:
        return check_key(key)
    except Invalid:
        return ""


def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Switch to another of the person's tenants."""
    if not remember_tenant(request, request.POST.get("tenant", "")):
        raise NotFound("You are not a member of such a tenant.")
    return redirect("home")
