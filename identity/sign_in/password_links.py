"""The link with which a person sets a password: allauth's, created when it is sent or shown."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from tenants.models import Person


def password_link(person: Person) -> str:
    """The link of allauth's password reset; it works once and for a limited time."""
    parts = {
        "uidb36": user_pk_to_url_str(person),
        "key": default_token_generator.make_token(person),
    }
    path = reverse("account_reset_password_from_key", kwargs=parts)
    return f"{settings.PUBLIC_URL}{path}"
