"""Signing in: allauth's adapter, with sign-up closed and addresses from PUBLIC_URL."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from identity.sign_in.password_attempts import Attempt, remember_browser
from identity.sign_in.security_emails import LetterKind, write_letter
from identity.sign_in.step_up import recently_authenticated
from identity.sign_in.tenant_access import CONFINED_THROUGH, CONFINED_TO, confined_to
from tenants.models import Person, Tenant

CONFINEMENT = (CONFINED_TO, CONFINED_THROUGH)
WORDS = {
    "reauthenticate": "your password",
    "mfa_reauthenticate": "a code",
    "mfa_reauthenticate:webauthn": "a passkey",
}


class AccountAdapter(DefaultAccountAdapter):
    """ACCOUNT_ADAPTER. Only operators and invitations create people."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether to go there after signing in: only to this site, and to no other port of its
        host.
        """
        ours = urlsplit(settings.PUBLIC_URL)
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={ours.netloc}, require_https=ours.scheme == "https"
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse early, where too many wrong passwords came from.

        The library's limit for the network does not hold for a browser that signed in before, so
        that nobody else in the network can use it up.
        """
        attempt = Attempt.of(request, credentials.get("email", ""))
        if attempt.is_refused():
            raise self.validation_error("too_many_login_attempts")
        if not attempt.browser:
            super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a wrong password."""
        Attempt.of(request, credentials.get("email", "")).count_failure()
        super().authentication_failed(request, **credentials)

    def post_login(
        self, request: HttpRequest, user: AbstractBaseUser, **details: Any
    ) -> HttpResponse:
        """Remember the browser, which gets a budget of wrong passwords of its own."""
        response = super().post_login(request, user, **details)
        assert isinstance(user, Person)
        remember_browser(request, response, user.email)
        return response

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Keep the session confined to its tenant, whatever signing in does to it."""
        kept = {key: request.session[key] for key in CONFINEMENT if key in request.session}
        super().login(request, user)
        request.session.update(kept)

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, Any]]:
        """How to authenticate again; in a provider's session only through that provider."""
        tenant_id = confined_to(context.request)
        if tenant_id is None:
            found = super().get_reauthentication_methods(user)
            return [{**method, "description": WORDS.get(method["id"], "")} for method in found]
        tenant = Tenant.objects.get(pk=tenant_id)
        url = reverse("sso_again", args=[tenant.slug])
        return [{"id": "single_sign_on", "description": "your provider", "url": url}]

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002  # one rule for all
        """A recent sign-in counts as authentication too."""
        return not recently_authenticated(context.request)

    def send_password_reset_mail(
        self,
        user: AbstractBaseUser,
        email: str,  # noqa: ARG002  # a person has one address
        context: dict[str, Any],  # noqa: ARG002  # its link is made when the letter is sent
    ) -> None:
        """Queue the letter for the worker, so that no request waits for a mail server."""
        assert isinstance(user, Person)
        write_letter(user, LetterKind.PASSWORD_RESET)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:  # noqa: ARG002
        """No mail is sent inside a request; what allauth would send needs a letter of its own."""
        raise RuntimeError(f"no letter for {template_prefix}")
