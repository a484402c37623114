"""What one subject reaches, and who reaches one thing, each with the rules that give it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.actors import actor_for
from console.errors import handle_errors
from console.page_context import page_context, signed_in
from console.principals import principal_out
from credentials.operations import show_access, show_reach
from credentials.shapes.access_reports import ShowAccess, ShowReach

PAGE = 100


@require_safe
@never_cache
@signed_in
@handle_errors
def reach(request: HttpRequest, subject_id: str) -> HttpResponse:
    """What one person, group or service account can reach, and by which rules."""
    wish = {**principal_out(subject_id), "limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = show_reach(actor_for(request), ShowReach.parse(wish))
    return render(request, "console/reach.html", {**page_context(request, "team"), "page": page})


@require_safe
@never_cache
@signed_in
@handle_errors
def access(request: HttpRequest) -> HttpResponse:
    """Who can reach one credential (`key`) or folder (`folder`), and by which rules."""
    key = request.GET.get("key") or None
    folder = None if key else request.GET.get("folder", "")
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = show_access(
        actor_for(request), ShowAccess.parse({"key": key, "folderPath": folder, **wish})
    )
    shown = {**page_context(request, "team"), "page": page, "key": key, "folder": folder}
    return render(request, "console/access.html", shown)
