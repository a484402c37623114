"""Whether a person proved who they are a short while ago (step-up)."""

import time

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether the session's last proof – at sign-in or asked for since – is still fresh.

    The records stand in the session, which the server keeps; a clock that went back proves nothing.
    """
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    if not records:
        return False
    age = time.time() - float(records[-1]["at"])
    fresh: bool = 0 <= age < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return fresh
