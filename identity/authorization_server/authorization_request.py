"""An authorization request, validated completely before a person sees it."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauthlib.oauth2.rfc6749.errors import InvalidClientIdError

from foundation.errors import Unavailable
from identity.authorization_server.client_documents import (
    DocumentRefused,
    is_document_address,
    resolve_document,
)
from identity.authorization_server.parameters import BadParameters, Parameters, query_of
from identity.authorization_server.resources import InvalidTarget, offered_scopes, resource_from
from identity.authorization_server.tokens import resource_scope
from identity.models import Client

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_STATE = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationParameters:
    """The validated parameters of a known client, with one of its registered redirect URIs."""

    client: Client
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    resource: str
    code_challenge: str


class UnanswerableRequest(Exception):
    """An error that must not be sent to the redirect URI, because client or URI are not trusted."""

    def __init__(self, message: str, *, unknown_client: bool = False, status: int = 400) -> None:
        super().__init__(message)
        self.unknown_client = unknown_client
        self.status = status


class ErrorResponse(Exception):
    """An error for the client at its redirect URI (RFC 6749 §4.1.2.1)."""

    def __init__(self, redirect_uri: str, state: str, error: str, description: str) -> None:
        super().__init__(error)
        self.location = response_uri(
            redirect_uri, error=error, error_description=description, state=state
        )


def response_uri(redirect_uri: str, **parameters: str) -> str:
    """The URI of an authorization response, always with `iss`, also for errors (RFC 9207 §2)."""
    given = {name: value for name, value in parameters.items() if value}
    return f"{redirect_uri}?{urlencode(given | {'iss': settings.PUBLIC_URL})}"


def names_document(request: HttpRequest) -> bool:
    """Whether the client identifies itself by the address of a metadata document."""
    enabled: bool = settings.ENVIRONMENT.client_metadata_documents
    return enabled and is_document_address(request.GET.get("client_id", ""))


def parse_request(request: HttpRequest) -> AuthorizationParameters:
    """The authorization request in the query. Raises UnanswerableRequest or ErrorResponse.

    May fetch the client's metadata document, so no transaction may be open.
    """
    try:
        parameters = query_of(request)
        if names_document(request):
            resolve_document(_one(parameters, "client_id"), request)
    except (BadParameters, DocumentRefused) as error:
        raise UnanswerableRequest(str(error)) from None
    except Unavailable as error:
        raise UnanswerableRequest(error.detail, status=error.status) from None
    client, redirect_uri, scopes = _validated(request)
    state = _one(parameters, "state")
    if len(state) > LONGEST_STATE:
        raise UnanswerableRequest("The state is too long.")

    def error_response(error: str, description: str) -> ErrorResponse:
        return ErrorResponse(redirect_uri, state, error, description)

    challenge = _one(parameters, "code_challenge")
    if _one(parameters, "code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise error_response("invalid_request", "A PKCE challenge with the method S256 is needed.")
    try:
        resource = resource_from([value for value in parameters.get("resource", []) if value])
    except InvalidTarget as error:
        raise error_response("invalid_target", str(error)) from None
    offered = offered_scopes(scopes, client, resource)
    if not resource_scope(offered):
        raise error_response("invalid_scope", "None of the scopes can be given to this client.")
    return AuthorizationParameters(
        client=client,
        redirect_uri=redirect_uri,
        state=state,
        scopes=tuple(offered),
        resource=resource,
        code_challenge=challenge,
    )


def _validated(request: HttpRequest) -> tuple[Client, str, list[str]]:
    """Client, redirect URI and scopes, as the toolkit validates them."""
    try:
        scopes, credentials = get_oauthlib_core().validate_authorization_request(request)
    except FatalClientError as error:
        unknown = isinstance(error.oauthlib_error, InvalidClientIdError)
        message = "The app is not known here." if unknown else "The app's request is not valid."
        raise UnanswerableRequest(message, unknown_client=unknown) from None
    except OAuthToolkitError as error:
        cause = error.oauthlib_error
        raise ErrorResponse(
            cause.redirect_uri, cause.state or "", cause.error, cause.description
        ) from None
    return credentials["request"].client, credentials["redirect_uri"], scopes


def _one(parameters: Parameters, name: str) -> str:
    return parameters.get(name, [""])[0]
