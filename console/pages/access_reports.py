"""What a principal can reach, and who can reach a resource, each with the rules that allow it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.lookups import principal_out
from console.page_context import actor_for, page_context, paging
from credentials.operations import show_access, show_reach
from credentials.shapes.access_reports import ShowAccess, ShowReach

PAGE = 100


def reach(request: HttpRequest, subject_id: str) -> HttpResponse:
    """What one person, group or service account can reach, and by which rules."""
    query = {**principal_out(subject_id), **paging(request, PAGE)}
    page = show_reach(actor_for(request), ShowReach.parse(query))
    return render(request, "console/reach.html", {**page_context(request), "page": page})


def access(request: HttpRequest) -> HttpResponse:
    """Who can reach one credential (`key`) or folder (`folder`), and by which rules."""
    key = request.GET.get("key") or None
    folder = None if key else request.GET.get("folder", "")
    page = show_access(
        actor_for(request),
        ShowAccess.parse({"key": key, "folderPath": folder, **paging(request, PAGE)}),
    )
    shown = {**page_context(request), "page": page, "key": key, "folder": folder}
    return render(request, "console/access.html", shown)
