"""Second factors: allauth's, with sealed secrets and with codes that work once.

Seeds are sealed by the root key for a purpose of their own, so that a copy of the database yields
no codes.
"""

from base64 import b64decode, b64encode

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.transaction import atomic

from credentials.keyrings import context, root_key
from tenants.models import Person

SEALED_FOR = context("second-factor")
STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
LAST_STEP = "last_step"


class FactorAdapter(DefaultMFAAdapter):
    """MFA_ADAPTER."""

    error_messages = {  # allauth's
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This did not work. Codes count once; try the next one.",
        "incorrect_passkey": "This passkey did not work here. Try again, or use another way.",
    }

    def encrypt(self, text: str) -> str:
        """The sealed seed. Raises Unavailable without the root key."""
        return b64encode(root_key().wrap(text.encode(), SEALED_FOR)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return root_key().unwrap(b64decode(encrypted_text), SEALED_FOR).decode()

    def get_totp_issuer(self) -> str:
        return f"Vault ({settings.ENVIRONMENT.host})"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The relying party is PUBLIC_URL's host, whatever a request's Host header says."""
        return {"id": settings.ENVIRONMENT.host, "name": "Vault"}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002  # allauth's name
        count = Authenticator.objects.filter(user=user, type=type).count()
        return "My passkey" if count == 0 else f"Passkey {count + 1}"


def has_second_factor(person: Person) -> bool:
    """Whether signing in takes more than a password; recovery codes alone do not count."""
    return Authenticator.objects.filter(user=person, type__in=STRONG).exists()


def spend_code(person: Person, code: str) -> Authenticator | None:
    """The factor whose code this is; the code works once. None for any other code.

    The rows are locked, so that of parallel attempts with one code only one succeeds.
    """
    with atomic():
        rows = Authenticator.objects.select_for_update().filter(user=person)
        factor: Authenticator
        for factor in rows.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk"):
            is_app = factor.type == Authenticator.Type.TOTP
            spent = _spend_step(factor, code) if is_app else factor.wrap().validate_code(code)
            if spent:
                return factor
    return None


def _spend_step(factor: Authenticator, code: str) -> bool:
    """RFC 6238 §5.2: the code of a time step is accepted once; the row stores the last step."""
    secret = FactorAdapter().decrypt(factor.data["secret"])
    last = factor.data.get(LAST_STEP, -1)
    for step in yield_hotp_counters_from_time():
        expected = format_hotp_value(hotp_value(secret, step))
        if step > last and compare_user_code(actual=code, expected=expected):
            factor.data[LAST_STEP] = step
            factor.save(update_fields=["data"])
            return True
    return False
