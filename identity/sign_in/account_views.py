"""The frame of every view that changes a person's account."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.transaction import atomic
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from foundation.errors import Unavailable
from identity.sign_in.tenant_access import confined_to

View = Callable[..., HttpResponseBase]


def changes_account(view: View) -> View:
    """One transaction with the audit entry; not for sessions from a tenant's provider.

    One tenant's owners control that provider, and the account gives access to other tenants too.
    Views return a TemplateResponse, which is rendered after the transaction, because the frame of
    the page reads memberships.
    """

    @wraps(view)
    @never_cache
    def inner(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if confined_to(request):
            return render(request, "account/own_sign_in_needed.html", status=403)
        try:
            with atomic():
                return view(request, *args, **kwargs)
        except Unavailable:  # without the root key no seed can be sealed or opened
            return render(request, "account/unavailable.html", status=503)

    return inner
