"""Whether a person has authenticated a short while ago (step-up)."""

import time

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether the session's last authentication is recent.

    Its records are in the session, on the server. After the clock was set back they prove nothing.
    """
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    if not records:
        return False
    age = time.time() - float(records[-1]["at"])
    is_recent: bool = 0 <= age < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return is_recent
