"""Every refusal and failure of the REST API as a problem document (RFC 9457)."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from access.actor import Actor
from foundation.errors import (
    Denied,
    InsufficientScope,
    Malformed,
    MethodNotAllowed,
    NotAcceptable,
    QuotaExceeded,
    RouteNotFound,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    VaultError,
)
from foundation.safe_traceback import safe_traceback
from identity.resource_server.bearer_token import NoToken, wider_scope
from identity.resource_server.verification import challenge
from identity.web.request_context import request_id_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
QUOTA_SECONDS = 60  # where the error does not say how long to wait


# The framework's own refusals. Its messages are not used, because they may quote the request.
_TRANSLATED: list[tuple[type[Exception], type[VaultError], str]] = [
    (exceptions.NotAuthenticated, Unauthenticated, "A bearer token is needed."),
    (exceptions.AuthenticationFailed, Unauthenticated, "The token is not valid."),
    (exceptions.PermissionDenied, Denied, ""),
    (PermissionDenied, Denied, ""),
    (exceptions.NotFound, RouteNotFound, ""),
    (Http404, RouteNotFound, ""),
    (exceptions.MethodNotAllowed, MethodNotAllowed, ""),
    (exceptions.NotAcceptable, NotAcceptable, "Only application/json is answered."),
    (exceptions.UnsupportedMediaType, UnsupportedMediaType, "Only application/json is read."),
    (exceptions.ParseError, Malformed, ""),
    (exceptions.Throttled, QuotaExceeded, ""),
    (SuspiciousOperation, Malformed, "The request is not valid."),
    (OperationalError, Unavailable, ""),
    (InterfaceError, Unavailable, ""),
]


def as_problem(error: Exception, context: dict[str, Any]) -> Response:
    """The framework's exception handler: always an answer, in one shape."""
    request = context["request"]
    known = as_vault_error(error)
    if known is None:
        log.error("request %s failed: %s", request_id_of(request), safe_traceback(error))
        known = VaultError("Quote the request id when you report this.")
    headers = _headers(known, context)
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(
        known.as_problem(request_id_of(request)),
        status=known.status,
        headers=headers,
        content_type=MEDIA_TYPE,
    )


def as_vault_error(error: Exception) -> VaultError | None:
    """The product's error for `error`, or None when it is unexpected."""
    if isinstance(error, VaultError):
        return error
    for foreign, ours, detail in _TRANSLATED:
        if isinstance(error, foreign):
            return ours(detail)
    return None


def problem_response(request: HttpRequest, error: VaultError) -> JsonResponse:
    """The document for errors outside the framework's views."""
    return JsonResponse(
        error.as_problem(request_id_of(request)),
        status=error.status,
        content_type=MEDIA_TYPE,
        headers=_headers(error, {}),
    )


@csrf_exempt
def unknown_address(request: HttpRequest) -> JsonResponse:
    """The answer to every method at an unknown address."""
    return problem_response(request, RouteNotFound("There is no such endpoint in the API."))


def _headers(error: VaultError, context: dict[str, Any]) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": _unauthenticated(error)}
    if isinstance(error, InsufficientScope):
        return {"WWW-Authenticate": _step_up(error, getattr(context.get("request"), "auth", None))}
    if isinstance(error, Unavailable):
        return {"Retry-After": str(RETRY_SECONDS)}
    if isinstance(error, QuotaExceeded) or "retryAfter" in error.extra:
        return {"Retry-After": str(error.extra.get("retryAfter", QUOTA_SECONDS))}
    return {}


def _unauthenticated(error: Unauthenticated) -> str:
    """The challenge; `invalid_token` only when a token was sent (RFC 6750 §3.1)."""
    if isinstance(error, NoToken):
        return challenge(settings.REST_RESOURCE)
    return challenge(settings.REST_RESOURCE, error="invalid_token", description=error.detail)


def _step_up(error: InsufficientScope, actor: object) -> str:
    scopes = actor.scopes if isinstance(actor, Actor) else frozenset()
    return challenge(
        settings.REST_RESOURCE,
        error="insufficient_scope",
        scope=wider_scope(scopes, str(error.extra.get("required", ""))),
        description=error.detail,
    )
