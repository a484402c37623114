"""/oauth/authorize: the consent page and its decisions."""

from typing import Any
from uuid import UUID

from csp.constants import NONE, SELF
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.levels import Role
from access.scopes import OFFLINE_ACCESS, SCOPE_MEANINGS, Scope
from foundation.db.clock import database_now
from foundation.errors import VaultError
from identity.authorization_server.authorization_request import (
    AuthorizationParameters,
    ErrorResponse,
    UnanswerableRequest,
    names_document,
    parse_request,
    response_uri,
)
from identity.authorization_server.consent import (
    Decision,
    allow,
    deny,
    may_stay,
    names_of_agents,
    store_request,
    stored_request,
    suggested_name,
)
from identity.authorization_server.redirect_uris import Redirect
from identity.models import AuthorizeRequest, Consent
from identity.sign_in.actors import console_actor
from identity.sign_in.current_user import signed_in_person
from identity.sign_in.step_up import recently_authenticated
from identity.sign_in.tenant_access import lacks_second_factor, memberships
from identity.web.rate_limits import CONSENT, spend
from tenants.models import Membership

OVER = "This request is over. Start again from the app."


class Leave(HttpResponse):
    """A redirect to the client by 302; 307 would send the form along (RFC 9700 §4.12)."""

    status_code = 302

    def __init__(self, location: str) -> None:
        super().__init__()
        self["Location"] = location
        self["Referrer-Policy"] = "no-referrer"
        self["Cache-Control"] = "no-store"
        # Otherwise the browser separates the popup from the page that has to close it.
        self["Cross-Origin-Opener-Policy"] = "unsafe-none"


@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponseBase:
    """Show the consent page (GET), and answer the client as the person decided (POST)."""
    if request.method == "POST":
        return _decided(request)
    if names_document(request) and signed_in_person(request) is None:
        return _sign_in(request)  # a stranger must not make Vault fetch documents
    try:
        asked = parse_request(request)
    except UnanswerableRequest as error:
        return refusal_page(
            request, str(error), status=error.status, unknown_client=error.unknown_client
        )
    except ErrorResponse as error:
        # No redirect without a signed-in person, not even with an error (RFC 9700 §4.11.2).
        return Leave(error.location) if signed_in_person(request) else _sign_in(request)
    return _ask(request, asked)


def _ask(request: HttpRequest, asked: AuthorizationParameters) -> HttpResponseBase:
    who = signed_in_person(request)
    if "none" in request.GET.get("prompt", "").split():
        needed = "consent_required" if who else "login_required"
        return Leave(response_uri(asked.redirect_uri, error=needed, state=asked.state))
    if who is None:
        return _sign_in(request)
    rows = _connectable(request)
    if not rows:
        return refusal_page(request, "You belong to no tenant yet; ask an owner to add you.")
    if all(lacks_second_factor(request, row.tenant) for row in rows):
        return redirect_to_login(request.get_full_path(), reverse("account_second_factor"))
    if Scope.ADMIN in asked.scopes and not recently_authenticated(request):
        return redirect_to_login(request.get_full_path(), reverse("account_reauthenticate"))
    return _page(request, store_request(asked, who.person, who.session_key))


def _connectable(request: HttpRequest) -> list[Membership]:
    """The memberships with which the person can connect an agent: an auditor has none."""
    return [row for row in memberships(request) if row.role != Role.AUDITOR]


def refusal_page(
    request: HttpRequest, message: str, *, status: int = 400, unknown_client: bool = False
) -> HttpResponse:
    """An error page for the person; the client learns nothing."""
    context = {"message": message, "unknown_client": unknown_client}
    response = render(request, "identity/refused.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _sign_in(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)


def _decided(request: HttpRequest) -> HttpResponseBase:
    who = signed_in_person(request)
    if who is None:
        return refusal_page(request, OVER)
    if wait := spend(CONSENT, f"{who.person.pk}"):
        response = refusal_page(request, "Too many decisions; wait a moment.", status=429)
        response["Retry-After"] = str(wait)
        return response
    try:
        stored = stored_request(UUID(request.POST.get("request", "")), who.person, who.session_key)
    except ValueError:
        return refusal_page(request, OVER)
    try:
        with transaction.atomic():
            return _decide(request, stored)
    except VaultError as error:
        asked = stored.select_related("client", "person").first()
        if asked is None:
            return refusal_page(request, OVER)
        return _page(request, asked, problem=error.detail, status=error.status)


def _decide(request: HttpRequest, stored: QuerySet[AuthorizeRequest]) -> HttpResponseBase:
    locked = stored.select_for_update(of=("self",)).select_related("client", "person")
    asked = locked.first()
    if asked is None or asked.decided_at or asked.expires_at <= database_now():
        return refusal_page(request, OVER)
    if not asked.client.is_usable() or not asked.client.redirect_uri_allowed(asked.redirect_uri):
        return refusal_page(request, "The app was stopped by an operator.")
    if request.POST.get("decision") != "allow":
        return Leave(deny(asked, request))
    decision = Decision(
        tenant=request.POST.get("tenant", ""),
        agent=request.POST.get("agent", ""),
        scopes=request.POST.getlist("scope"),
    )
    return Leave(allow(asked, decision, request))


def _page(
    request: HttpRequest, asked: AuthorizeRequest, *, problem: str = "", status: int = 200
) -> HttpResponse:
    rows = _connectable(request)
    places = [row for row in rows if not lacks_second_factor(request, row.tenant)]
    redirect = Redirect.parse(asked.redirect_uri, asked.client.document_origin)
    if not places or redirect is None:
        return refusal_page(request, OVER)
    context = {
        "asked": asked,
        "client_name": asked.client.name,
        "document_host": asked.client.document_origin.removeprefix("https://"),
        "redirect": redirect,
        "problem": problem,
        "places": places,
        "chosen": _chosen(asked, places),
        "locked": [row.tenant.name for row in rows if row not in places],
        "scopes": _in_words(asked),
        "offline": OFFLINE_ACCESS in asked.scope.split(),
        "may_stay": may_stay(asked),
        "for_mcp": asked.resource == settings.MCP_RESOURCE,
        "first_time": not Consent.objects.filter(
            client_id=asked.client_id, person_id=asked.person_id
        ).exists(),
        "token_minutes": max(settings.ENVIRONMENT.access_token_seconds // 60, 1),
        **_agent_names(request, asked, places),
    }
    response = render(request, "identity/consent.html", context, status=status)
    return _guarded(response, redirect)


def _chosen(asked: AuthorizeRequest, places: list[Membership]) -> Membership | None:
    """The tenant to preselect: the only one, or where the client was last. Otherwise the person
    chooses, because tenants may be named alike.
    """
    if len(places) == 1:
        return places[0]
    consents = Consent.objects.filter(client_id=asked.client_id, person_id=asked.person_id)
    latest = consents.order_by("-pk").values_list("tenant_id", flat=True).first()
    return next((place for place in places if place.tenant_id == latest), None)


def _in_words(asked: AuthorizeRequest) -> list[tuple[str, str]]:
    return [
        (scope, SCOPE_MEANINGS[Scope(scope) if scope != OFFLINE_ACCESS else OFFLINE_ACCESS])
        for scope in asked.scope.split()
    ]


def _agent_names(
    request: HttpRequest, asked: AuthorizeRequest, places: list[Membership]
) -> dict[str, Any]:
    actors = [console_actor(request, asked.person, place) for place in places]
    names = {name for actor in actors for name in names_of_agents(actor)}
    return {
        "agent_name": suggested_name(asked, actors[0]),
        "agent_names": sorted(names),
    }


def _guarded(response: HttpResponse, redirect: Redirect) -> HttpResponse:
    """Set the headers of a page whose form ends in a redirect to another origin."""
    response["Content-Security-Policy"] = "; ".join(
        (
            f"default-src {NONE}",
            f"script-src {SELF}",
            f"style-src {SELF}",
            f"img-src {SELF}",
            f"connect-src {SELF}",
            f"form-action {SELF} {redirect.form_action}",
            f"frame-ancestors {NONE}",
            f"base-uri {NONE}",
        )
    )
    # The popup soon shows another origin's page, and its opener must still be able to close it.
    response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    # With no-referrer the browser would send `Origin: null` with the form, which the CSRF check
    # refuses; this policy reveals nothing to other origins either.
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    response["X-Frame-Options"] = "DENY"
    return response
