"""The sessions page: where a person is signed in, and ending sessions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from audit.events import Event
from audit.recording import record_separately
from identity.models import BrowserSession
from identity.sign_in.account_views import changes_account
from identity.sign_in.actors import sign_in_actor
from identity.sign_in.session_store import digest
from tenants.models import Person


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@changes_account
def session_list(request: HttpRequest) -> HttpResponseBase:
    """Show the sessions (GET); end one of them or all others (POST)."""
    if request.method == "POST":
        return _end(request)
    rows = _mine(request).order_by("-last_seen_at")
    shown = {"sessions": rows, "this": digest(request.session.session_key or "")}
    return TemplateResponse(request, "account/sessions.html", shown)


def _end(request: HttpRequest) -> HttpResponseBase:
    assert isinstance(request.user, Person)
    this = digest(request.session.session_key or "")
    rows = _mine(request).exclude(session_key=this)
    if "others" not in request.POST:
        rows = rows.filter(session_key=request.POST.get("session", ""))
    ended, _ = rows.delete()
    if ended:
        record_separately(sign_in_actor(request, request.user.pk), Event.SESSION_ENDED, count=ended)
    messages.success(request, _confirmation(ended))
    return redirect("account_sessions")


def _confirmation(ended: int) -> str:
    if ended == 0:
        return "There was no other session to end."
    return "One session is ended." if ended == 1 else f"{ended} sessions are ended."


def _mine(request: HttpRequest) -> QuerySet[BrowserSession]:
    assert isinstance(request.user, Person)
    return BrowserSession.objects.filter(person=request.user, expire_date__gt=timezone.now())
