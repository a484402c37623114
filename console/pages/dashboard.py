"""The dashboard: what is happening in the tenant, and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access.actor import Actor
from console.audit_lines import audit_lines
from console.charts import bars, columns
from console.page_context import actor_for, page_context
from console.setup_checklist import checklist
from leases.operations import show_overview
from tenants.operations import show_mail


def dashboard(request: HttpRequest) -> HttpResponse:
    """Numbers, charts, what expires soon, and the newest entries."""
    actor = actor_for(request)
    shown = {
        **page_context(request),
        "steps": checklist(request, actor),
        "mail": show_mail(actor),
        **_figures(actor),
    }
    return render(request, "console/dashboard.html", shown)


def figures(request: HttpRequest) -> HttpResponse:
    """The part that an open page fetches again after events."""
    shown = {**page_context(request), **_figures(actor_for(request))}
    return render(request, "console/dashboard_figures.html", shown)


def _figures(actor: Actor) -> dict[str, object]:
    overview = show_overview(actor)
    return {
        "overview": overview,
        "lines": audit_lines(overview.newest),
        "leases": columns(overview.leases, "{:%H:%M}".format),
        "denials": columns(overview.denials, "{0.day} {0:%b}".format),
        "readers": bars(overview.reads),
    }
