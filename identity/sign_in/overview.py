"""The account page: what a person has set up and can change."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identity.sign_in.factors import has_second_factor
from identity.sign_in.tenant_access import confined_to, memberships
from tenants.models import Person

AFTERWARDS = "after_second_factor"  # in the session: where to return to


@require_safe
@never_cache
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """The page at /account/."""
    assert isinstance(request.user, Person)
    shown = {
        **factors_of(request.user),
        "confined": bool(confined_to(request)),
        "tenants": [membership.tenant.name for membership in memberships(request)],
        "protected": has_second_factor(request.user),
    }
    return render(request, "account/overview.html", shown)


def factors_of(person: Person) -> dict[str, Any]:
    """The person's second factors, by kind."""
    rows = list(Authenticator.objects.filter(user=person).order_by("created_at"))
    codes = next((row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "app": next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
    }


@require_safe
@never_cache
@login_required
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Choose a second factor because a tenant requires one; afterwards return to where one was."""
    assert isinstance(request.user, Person)
    wanted = request.GET.get("next", "")
    if get_adapter(request).is_safe_url(wanted):
        request.session[AFTERWARDS] = wanted
    if has_second_factor(request.user):
        return redirect(request.session.get(AFTERWARDS) or "account")
    return render(request, "account/second_factor.html")
