"""/account/sso/…: signing in through the tenant's provider."""

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from foundation.errors import Unavailable, VaultError
from identity.models import SingleSignOn
from identity.oidc_client.account_linking import AccountLinkingError, link_account
from identity.oidc_client.client import IdTokenClaims, discover, exchange_code, verify_id_token
from identity.oidc_client.documents import ProviderFailed
from identity.oidc_client.sealed_secret import open_secret
from identity.sign_in.session_events import sign_in_failed
from identity.sign_in.tenant_access import (
    CONFINED_THROUGH,
    CONFINED_TO,
    confined_to,
    provider_of,
)
from identity.web.rate_limits import SINGLE_SIGN_ON, spend
from identity.web.request_context import network_of
from tenants.models import Person, Tenant

TRY = "single_sign_on"  # in the session: the one attempt that is under way
WITHIN = 600
METHOD = "single_sign_on"
RETRY_SECONDS = "5"


class TenantForm(forms.Form):
    """The tenant whose provider to use."""

    tenant = forms.SlugField(
        label="Short name of your tenant",
        max_length=63,
        help_text="It is in the link that your tenant gave you.",
    )


@require_safe
@never_cache
def choose(request: HttpRequest) -> HttpResponseBase:
    """Ask for the tenant's short name, without revealing whether it exists."""
    form = TenantForm(request.GET if "tenant" in request.GET else None)
    if not form.is_valid():
        return render(request, "account/sso.html", {"form": form})
    address = reverse("sso_start", args=[form.cleaned_data["tenant"]])
    answer = render(request, "account/sso_leave.html", {"address": address})
    answer["Refresh"] = f"0; url={address}"
    return answer


@require_safe
@never_cache
def again(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Authenticating again, for a session from this provider: an explanation, and then a link.

    A redirect would fail, here and above: browsers apply a page's `form-action` to every redirect
    after its form, and the provider is another site.
    """
    wanted = request.GET.get("next", "")
    address = f"{reverse('sso_start', args=[slug])}?{urlencode({'next': wanted})}"
    return render(request, "account/sso_leave.html", {"address": address, "again": True})


@require_safe
@never_cache
def start(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the browser to the provider, with a state, a nonce and a PKCE challenge."""
    provider = _provider(slug)
    if provider is None:
        return _refused(request, "This tenant has no single sign-on.", status=404)
    if spend(SINGLE_SIGN_ON, network_of(request)):
        return _refused(request, "Too many attempts; wait a minute.", status=429)
    try:
        endpoints = discover(provider.issuer, str(provider.tenant_id))
    except ProviderFailed as error:
        return _refused(request, f"The sign-in provider cannot be used. {error}", status=502)
    except Unavailable as error:
        return _refused(request, error.detail, status=error.status)
    begun = _begin(request, slug)
    query = {
        "response_type": "code",
        "client_id": provider.oauth_client_id,
        "redirect_uri": _callback_url(slug),
        "scope": "openid email profile",
        "state": begun["state"],
        "nonce": begun["nonce"],
        "code_challenge": _challenge(begun["verifier"]),
        "code_challenge_method": "S256",
    }
    if begun["again"]:
        query |= {"prompt": "login", "max_age": "0"}
    mark = "&" if "?" in endpoints.authorization else "?"
    return redirect(f"{endpoints.authorization}{mark}{urlencode(query)}")


def _begin(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Remember the attempt; within a provider's session the provider must authenticate again."""
    wanted = request.GET.get("next", "")
    begun = {
        "slug": slug,
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "verifier": secrets.token_urlsafe(48),
        "next": wanted if get_adapter(request).is_safe_url(wanted) else "",
        "at": time.time(),
        "again": confined_to(request) is not None,
    }
    request.session[TRY] = begun
    return begun


@require_safe
@never_cache
def callback(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The provider's response. Every attempt ends here."""
    begun = request.session.pop(TRY, None)
    provider = _provider(slug)
    if provider is None or not _is_expected(request, begun, slug):
        return _failed(request, "This sign-in was not begun here, or took too long.")
    try:
        claims = _claims(request, provider, begun)
        person = link_account(request, provider, claims)
    except ProviderFailed as error:
        return _failed(request, f"Your sign-in provider did not let you in. {error}")
    except AccountLinkingError as error:
        return _failed(request, str(error))
    except VaultError as error:
        return _failed(request, error.detail, status=error.status)
    next_url = begun["next"] or reverse("home")
    if request.user == person and _is_session_of(request, provider):
        record_authentication(
            request, person, METHOD, at=_authenticated_at(claims), reauthenticated=True
        )
        return redirect(next_url)  # keep the session with its pending forms
    return _sign_in(request, provider, (person, claims), next_url)


def _is_session_of(request: HttpRequest, provider: SingleSignOn) -> bool:
    same_tenant = confined_to(request) == provider.tenant_id
    return same_tenant and request.session.get(CONFINED_THROUGH) == provider.issuer


def _claims(request: HttpRequest, provider: SingleSignOn, begun: dict[str, Any]) -> IdTokenClaims:
    code = request.GET.get("code", "")
    if not code or request.GET.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
        raise ProviderFailed("It did not sign you in.")
    endpoints = discover(provider.issuer, str(provider.tenant_id))
    back = _callback_url(begun["slug"])
    grant = {"code": code, "code_verifier": begun["verifier"], "redirect_uri": back}
    token = exchange_code(endpoints, (provider.oauth_client_id, open_secret(provider)), grant)
    claims = verify_id_token(
        endpoints, token, client_id=provider.oauth_client_id, nonce=begun["nonce"]
    )
    if begun["again"] and (claims.authenticated_at or 0) < begun["at"] - 60:
        raise ProviderFailed("It did not ask you to sign in again.")
    return claims


def _is_expected(request: HttpRequest, begun: dict[str, Any] | None, slug: str) -> bool:
    if begun is None or begun["slug"] != slug or not 0 <= time.time() - begun["at"] < WITHIN:
        return False
    return hmac.compare_digest(request.GET.get("state", "").encode(), begun["state"].encode())


def _sign_in(
    request: HttpRequest, provider: SingleSignOn, who: tuple[Person, IdTokenClaims], next_url: str
) -> HttpResponseBase:
    """Open a session confined to the tenant; the person's own second factor is still required."""
    person, claims = who
    get_adapter(request).logout(request)
    request.session[CONFINED_TO] = str(provider.tenant_id)
    request.session[CONFINED_THROUGH] = provider.issuer
    record_authentication(request, person, METHOD, at=_authenticated_at(claims))
    response: HttpResponseBase = perform_login(request, Login(user=person, redirect_url=next_url))
    return response


def _authenticated_at(claims: IdTokenClaims) -> float:
    """When the person authenticated at the provider. Long ago when it does not say, because it lets
    a known browser pass without asking.
    """
    return min(float(claims.authenticated_at or 0), time.time())


def _challenge(verifier: str) -> str:
    """RFC 7636 §4.2."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _provider(slug: str) -> SingleSignOn | None:
    tenant = Tenant.objects.filter(slug=slug).first()
    return provider_of(tenant) if tenant else None


def _callback_url(slug: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('sso_callback', args=[slug])}"


def _failed(request: HttpRequest, why: str, *, status: int = 403) -> HttpResponse:
    sign_in_failed(request)
    return _refused(request, why, status=status)


def _refused(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    answer = render(request, "account/sso_refused.html", {"why": why}, status=status)
    if status == Unavailable.status:
        answer["Retry-After"] = RETRY_SECONDS
    return answer
