"""The endpoints that programs call: token, revocation, introspection and registration."""

import json
from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.oauth2_backends import get_oauthlib_core

from foundation.errors import Malformed, TooLarge, Unavailable
from foundation.schema.strict_json import parse_strict_object
from identity.authorization_server.client_authentication import basic_credentials
from identity.authorization_server.introspection import introspection
from identity.authorization_server.parameters import BadParameters, Parameters, body_of, form_of
from identity.authorization_server.registration import RegistrationError, register_client
from identity.web.rate_limits import REGISTER, REGISTER_FAILED, TOKEN, exhausted, spend
from identity.web.request_context import network_of, request_context

REGISTRATION_BYTES = 16 * 1024
UNAVAILABLE = "temporarily_unavailable"


# What a program that gets the error can do; says nothing of which client, code or token exists.
DESCRIPTIONS = {
    "invalid_request": "A parameter is missing, malformed or given twice.",
    "invalid_client": "The client is not registered here, is suspended, or did not authenticate: "
    "register again, or check its secret.",
    "invalid_grant": "The code or refresh token is not valid, not this client's, or no longer: "
    "start again at the authorization endpoint.",
    "unauthorized_client": "The client may not use this grant type.",
    "unsupported_grant_type": "Use authorization_code, refresh_token or client_credentials.",
    "unsupported_token_type": "Only access and refresh tokens can be revoked.",
    "invalid_scope": "More than was granted, or nothing that is known here: ask for some of "
    "vault:read, vault:write and offline_access.",
    "invalid_target": "The resource is not known here, or not the one that was granted.",
    UNAVAILABLE: "Try again in a moment.",
}


def protocol_error(
    error: str, description: str = "", *, status: int = 400, retry_after: int | None = None
) -> JsonResponse:
    """RFC 6749 §5.2."""
    body = {"error": error, "error_description": description or DESCRIPTIONS[error]}
    response = JsonResponse(body, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def _too_many(description: str, seconds: int) -> JsonResponse:
    return protocol_error(UNAVAILABLE, description, status=429, retry_after=seconds)


def _endpoint(view: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """POST only, no cookies, nothing cached; an internal failure is a 503 without details."""

    @csrf_exempt
    def endpoint(request: HttpRequest) -> HttpResponseBase:
        vars(request)["context"] = request_context(request)
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


def _client_endpoint(view: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """An endpoint with client authentication; after too many failures a client has to wait."""

    def limited(request: HttpRequest) -> HttpResponseBase:
        whom = f"{network_of(request)}|{_claimed_client(request)[:64]}"
        if wait := exhausted(TOKEN, whom):
            return _too_many("Too many failed requests.", wait)
        response = view(request)
        if response.status_code != 200:
            spend(TOKEN, whom)
        return response

    return _endpoint(limited)


@_client_endpoint
def token(request: HttpRequest) -> HttpResponseBase:
    """RFC 6749 §3.2. One transaction, which commits a refusal too: a family that a replay ended
    stays ended.
    """
    with transaction.atomic():
        _, _, body, status = get_oauthlib_core().create_token_response(request)
    return _answered(body, status)


@_client_endpoint
def revoke(request: HttpRequest) -> HttpResponseBase:
    """RFC 7009: 200 also for anything that is not a token of this client."""
    with transaction.atomic():
        _, _, body, status = get_oauthlib_core().create_revocation_response(request)
    return _answered(body, status)


@_client_endpoint
def introspect(request: HttpRequest) -> HttpResponseBase:
    """RFC 7662 §2: for service accounts, about tokens of their own tenant. A public client cannot
    authenticate.
    """
    with transaction.atomic():
        core: Any = get_oauthlib_core()  # ours, by OAUTH2_BACKEND_CLASS
        asker = core.proven_client(request)
    if asker is None:
        return _challenged(protocol_error("invalid_client", status=401))
    return JsonResponse(introspection(_one(form_of(request), "token"), asker))


@_endpoint
def register(request: HttpRequest) -> HttpResponseBase:
    """RFC 7591 §3: open to everybody, within limits, for public clients.

    Refused registrations have a limit of their own, so that one failing client does not keep its
    neighbours from registering.
    """
    network = network_of(request)
    if wait := exhausted(REGISTER, network):
        return _too_many("Too many registrations.", wait)
    response = _register(request)
    if response.status_code == 201:
        spend(REGISTER, network)
    elif wait := spend(REGISTER_FAILED, network):
        return _too_many("Too many refused registrations.", wait)
    return response


def _register(request: HttpRequest) -> HttpResponseBase:
    if request.content_type != "application/json":
        return protocol_error("invalid_client_metadata", "The body must be application/json.")
    try:
        metadata = parse_strict_object(body_of(request, REGISTRATION_BYTES))
        with transaction.atomic():
            registered = register_client(metadata, request)
    except (Malformed, TooLarge) as error:
        return protocol_error("invalid_client_metadata", error.detail)
    except RegistrationError as error:
        return protocol_error(error.code, str(error))
    return JsonResponse(registered, status=201)


def _answered(body: str | None, status: int) -> HttpResponse:
    response = HttpResponse(_explained(body or ""), status=status, content_type="application/json")
    return _challenged(response) if status == 401 else response


def _explained(body: str) -> str:
    """The library's answer; an error always with a description (RFC 6749 §5.2)."""
    answer = json.loads(body) if body else {}
    if "error" not in answer or answer.get("error_description"):
        return body
    usual = DESCRIPTIONS.get(answer["error"], "The request cannot be granted.")
    return json.dumps(answer | {"error_description": usual})


def _challenged(response: HttpResponse) -> HttpResponse:
    """RFC 6749 §5.2: after failed HTTP authentication the response names the scheme."""
    response["WWW-Authenticate"] = 'Basic realm="vault"'
    return response


def _claimed_client(request: HttpRequest) -> str:
    """The client that the request names, in the body or as HTTP Basic."""
    basic = basic_credentials(request.headers.get("Authorization", ""))
    return basic[0] if basic else _one(form_of(request), "client_id")


def _one(parameters: Parameters, name: str) -> str:
    return parameters.get(name, [""])[0]
