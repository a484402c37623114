"""What a principal can reach, and who can reach a resource, each with the rules that allow it."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.lookups import principal_out
from console.page_context import actor_for, page_context, paging
from credentials.operations import show_access, show_reach
from credentials.shapes.access_reports import ShowAccess, ShowReach
from leases.operations import show_activity
from leases.shapes import ShowActivity

PAGE = 100


def reach(request: HttpRequest, subject_id: str) -> HttpResponse:
    """What one person, group or service account can reach, and by which rules."""
    actor, principal = actor_for(request), principal_out(subject_id)
    shown = {
        **page_context(request),
        "page": show_reach(actor, ShowReach.parse({**principal, **paging(request, PAGE)})),
        "activity": show_activity(actor, ShowActivity.parse(principal)),
        "log": "" if "groupId" in principal else urlencode({"who": subject_id}),
    }
    return render(request, "console/reach.html", shown)


def access(request: HttpRequest) -> HttpResponse:
    """Who can reach one credential (`key`) or folder (`folder`), and by which rules."""
    key = request.GET.get("key") or None
    folder = None if key else request.GET.get("folder", "")
    actor, subject = actor_for(request), {"key": key, "folderPath": folder}
    shown = {
        **page_context(request),
        "page": show_access(actor, ShowAccess.parse({**subject, **paging(request, PAGE)})),
        "activity": show_activity(actor, ShowActivity.parse(subject)),
        "what": "used by" if key else "used",
        "log": urlencode({"key": key}) if key else "",
        "key": key,
        "folder": folder,
    }
    return render(request, "console/access.html", shown)
