"""The forms of second factors (MFA_FORMS): allauth's, with every attempt counted and recorded."""

import struct
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context, ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError

from identity.sign_in.factors import spend_code
from identity.sign_in.new_person import visible_name
from identity.sign_in.session_events import factor_refused
from tenants.models import Person

COUNTED = "second_factor"  # in ACCOUNT_RATE_LIMITS
# What the libraries raise on bytes that no authenticator made.
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, struct.error)


class CodeInput(forms.TextInput):
    """A code field that is never filled in again: the code may be one typing error from valid."""

    def __init__(self) -> None:
        super().__init__(
            {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        )

    def format_value(self, _value: Any) -> None:
        return None


def _counted(person: Person) -> Callable[[], None]:
    """Count an attempt; success takes it back.

    Six digits allow fewer attempts than a password, and anybody who gets this far has the password.
    The limit of passwords would let codes be guessed, because it is wide: anybody can use it up.
    """
    key = str(person.pk)
    if not ratelimit.consume(context.request, action=COUNTED, key=key):
        raise get_account_adapter().validation_error("too_many_login_attempts")
    return lambda: ratelimit.clear(context.request, action=COUNTED, key=key)


class _SpendsCode(BaseAuthenticateForm):
    """Looks up a code, spends it, and records a wrong one."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=CodeInput,
        help_text="From your app, or a recovery code.",
    )

    def clean_code(self) -> str:
        forgive = _counted(self.user)
        code: str = self.cleaned_data["code"]
        factor = spend_code(self.user, code)
        if factor is None:
            factor_refused(context.request, self.user)
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = factor
        forgive()
        return code


class CodeForm(_SpendsCode, AuthenticateForm):
    """The step after the password."""


class ConfirmingCodeForm(_SpendsCode, ReauthenticateForm):
    """A signed-in person authenticates again."""


class _RecordsFailure(AuthenticateWebAuthnForm):
    """Records a wrong passkey, as a wrong password is."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except (ValidationError, *MALFORMED):
            factor_refused(context.request, self.user)
            raise get_adapter().validation_error("incorrect_passkey") from None


class PasskeyForm(_RecordsFailure):
    """The step after the password."""


class ConfirmingPasskeyForm(_RecordsFailure, ReauthenticateWebAuthnForm):
    """A signed-in person authenticates again."""


class PasskeyAloneForm(_RecordsFailure, LoginWebAuthnForm):
    """Signing in with a passkey only."""


class AuthenticatorAppForm(ActivateTOTPForm):
    """The first code of a new app. Until then the sealed seed is in the session."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=CodeInput,
        help_text="The six digits that the app shows.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        self.secret = _waiting_seed(fresh=not self.is_bound)


def _waiting_seed(*, fresh: bool) -> str:
    session, adapter = context.request.session, get_adapter()
    sealed = session.get(SECRET_SESSION_KEY)
    if sealed and not fresh:
        return str(adapter.decrypt(sealed))
    seed = generate_totp_secret()
    session[SECRET_SESSION_KEY] = adapter.encrypt(seed)
    return str(seed)


class NewPasskeyForm(AddWebAuthnForm):
    """A passkey for signing in alone; without the tick it is a step after the password."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        required=False,
        validators=[visible_name],
        help_text="Such as the device that keeps it.",
    )
    passwordless = forms.BooleanField(
        label="Sign in with it alone, without a password", required=False, initial=True
    )

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_passkey") from None
