"""What one subject reaches, and who reaches one thing, each with the rules that give it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.actors import actor_for
from console.errors import told
from console.pages.framing import frame, signed_in
from console.subjects import shape_of
from credentials.operations import show_access, show_reach
from credentials.reach_shapes import ShowAccess, ShowReach

PAGE = 100


@require_safe
@never_cache
@signed_in
@told
def reach(request: HttpRequest, subject_id: str) -> HttpResponse:
    """What one person, group or service account can reach, and by which rules."""
    wish = {**shape_of(subject_id), "limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = show_reach(actor_for(request), ShowReach.parse(wish))
    return render(request, "console/reach.html", {**frame(request, "team"), "page": page})


@require_safe
@never_cache
@signed_in
@told
def access(request: HttpRequest) -> HttpResponse:
    """Who can reach one credential (`key`) or folder (`folder`), and by which rules."""
    key = request.GET.get("key") or None
    folder = None if key else request.GET.get("folder", "")
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = show_access(
        actor_for(request), ShowAccess.parse({"key": key, "folderPath": folder, **wish})
    )
    shown = {**frame(request, "team"), "page": page, "key": key, "folder": folder}
    return render(request, "console/access.html", shown)
