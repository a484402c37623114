"""Signing in and authenticating again with a passkey; a failed attempt keeps the destination."""

from allauth.account.utils import passthrough_next_redirect_url
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse


class SignIn(LoginWebAuthnView):
    """Back to the sign-in page with the error."""

    def form_invalid(self, form: Form) -> HttpResponse:
        super().form_invalid(form)
        return _again(self, "account_login")


class Confirm(ReauthenticateWebAuthnView):
    """Back to this page with a new challenge; allauth would lead elsewhere."""

    def form_invalid(self, form: Form) -> HttpResponse:
        super().form_invalid(form)
        return _again(self, "mfa_reauthenticate_webauthn")


def _again(view: SignIn | Confirm, name: str) -> HttpResponse:
    address = passthrough_next_redirect_url(view.request, reverse(name), REDIRECT_FIELD_NAME)
    return HttpResponseRedirect(address)


sign_in = SignIn.as_view()
confirm = Confirm.as_view()
