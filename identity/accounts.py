"""How people sign in: allauth's adapter, with sign-up closed and addresses from PUBLIC_URL."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from identity.freshness import signed_in_recently


class AccountAdapter(DefaultAccountAdapter):
    """ACCOUNT_ADAPTER. People are made by operators and invitations."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Where to go after signing in: this site and no other port of its host."""
        ours = urlsplit(settings.PUBLIC_URL)
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={ours.netloc}, require_https=ours.scheme == "https"
        )

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002  # one rule for all
        """A sign-in counts as a proof too, while it is fresh."""
        return not signed_in_recently(context.request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail; never made from the request's Host header."""
        uid, _, secret = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": secret})
        return f"{settings.PUBLIC_URL}{path}"
