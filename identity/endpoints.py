"""The endpoints that programs call: token, revocation, introspection and registration."""

from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.oauth2_backends import get_oauthlib_core

from access.errors import Malformed, TooLarge, Unavailable
from access.strict_json import parse_strict_object
from identity.limits import REGISTER, TOKEN, exhausted, spend
from identity.origins import Came, network_of
from identity.parameters import BadParameters, Parameters, body_of, form_of
from identity.registration import Refused, register_client

REGISTRATION_BYTES = 16 * 1024
UNAVAILABLE = "temporarily_unavailable"


def protocol_error(
    error: str, description: str = "", *, status: int = 400, retry_after: int | None = None
) -> JsonResponse:
    """RFC 6749 §5.2."""
    body = {"error": error} | ({"error_description": description} if description else {})
    response = JsonResponse(body, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def _later(description: str, seconds: int) -> JsonResponse:
    return protocol_error(UNAVAILABLE, description, status=429, retry_after=seconds)


def _endpoint(view: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """POST only, no cookie counts, nothing is cached; a failure of ours is a 503 and no detail."""

    @csrf_exempt
    def endpoint(request: HttpRequest) -> HttpResponseBase:
        vars(request)["came"] = Came.with_request(request)
        if request.method != "POST":
            response: HttpResponseBase = protocol_error("invalid_request", "Use POST.", status=405)
            response["Allow"] = "POST"
            return _private(response)
        try:
            response = view(request)
        except BadParameters as error:
            response = protocol_error("invalid_request", str(error))
        except (DatabaseError, Unavailable):
            response = protocol_error(UNAVAILABLE, status=503, retry_after=1)
        return _private(response)

    return endpoint


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    return response


@_endpoint
def token(request: HttpRequest) -> HttpResponseBase:
    """RFC 6749 §3.2. One transaction, which commits on a refusal too: a family that a replay ended
    stays ended.
    """
    parameters = form_of(request)
    whom = f"{network_of(request)}|{_one(parameters, 'client_id')[:64]}"
    if wait := exhausted(TOKEN, whom):
        return _later("Too many failed requests.", wait)
    with transaction.atomic():
        _, _, body, status = get_oauthlib_core().create_token_response(request)
    if status != 200:
        spend(TOKEN, whom)
    return _answered(body, status)


@_endpoint
def revoke(request: HttpRequest) -> HttpResponseBase:
    """RFC 7009: 200 for whatever is not a token of this client."""
    form_of(request)
    with transaction.atomic():
        _, _, body, status = get_oauthlib_core().create_revocation_response(request)
    return _answered(body, status)


@_endpoint
def introspect(request: HttpRequest) -> HttpResponseBase:
    """RFC 7662 §2.2: confidential clients alone may ask, and no client has the right to be told
    anything yet. A public one cannot prove who it is.
    """
    form_of(request)
    if not get_oauthlib_core().authenticate_client(request):
        return _challenged(protocol_error("invalid_client", status=401))
    return JsonResponse({"active": False})


@_endpoint
def register(request: HttpRequest) -> HttpResponseBase:
    """RFC 7591 §3: open to everybody, within limits, for public clients."""
    if wait := spend(REGISTER, network_of(request)):
        return _later("Too many registrations.", wait)
    if request.content_type != "application/json":
        return protocol_error("invalid_client_metadata", "The body must be application/json.")
    try:
        metadata = parse_strict_object(body_of(request, REGISTRATION_BYTES))
        with transaction.atomic():
            registered = register_client(metadata, request)
    except (Malformed, TooLarge) as error:
        return protocol_error("invalid_client_metadata", error.detail)
    except Refused as error:
        return protocol_error(error.code, str(error))
    return JsonResponse(registered, status=201)


def _answered(body: str | None, status: int) -> HttpResponse:
    response = HttpResponse(body or "", status=status, content_type="application/json")
    return _challenged(response) if status == 401 else response


def _challenged(response: HttpResponse) -> HttpResponse:
    """RFC 6749 §5.2: a failed client that tried HTTP authentication is told the scheme."""
    response["WWW-Authenticate"] = 'Basic realm="vault"'
    return response


def _one(parameters: Parameters, name: str) -> str:
    return parameters.get(name, [""])[0]
