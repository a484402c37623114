"""The discovery documents: RFC 8414 for the authorization server, RFC 9728 for each resource."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from access.scopes import DEFAULT_SCOPES, OFFLINE_ACCESS
from foundation.errors import Unavailable
from identity.authorization_server.registration import GRANT_TYPES
from identity.client_authentication.authentication import METHODS
from identity.client_authentication.client_assertions import ALGORITHMS
from identity.signing_keys import PUBLISHED_AHEAD, published

RESOURCE_DOCUMENT = "/.well-known/oauth-protected-resource"


def resource_metadata_url(resource: str) -> str:
    """Where a resource's metadata are (RFC 9728 §3.1); challenges point there."""
    path = resource.removeprefix(settings.PUBLIC_URL)
    return f"{settings.PUBLIC_URL}{RESOURCE_DOCUMENT}{path}"


@require_safe
def authorization_server(_: HttpRequest) -> JsonResponse:
    """RFC 8414; the same document under OpenID Connect's name, for clients that look there."""
    here = settings.PUBLIC_URL
    return _public(
        {
            "issuer": here,
            "authorization_endpoint": f"{here}/oauth/authorize",
            "token_endpoint": f"{here}/oauth/token",
            "revocation_endpoint": f"{here}/oauth/revoke",
            "introspection_endpoint": f"{here}/oauth/introspect",
            "registration_endpoint": f"{here}/oauth/register",
            "jwks_uri": f"{here}/oauth/jwks",
            "scopes_supported": [*DEFAULT_SCOPES, OFFLINE_ACCESS],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [*GRANT_TYPES, "client_credentials"],
            **_client_authentication(),
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": False,
        }
    )


@require_safe
def mcp_resource(_: HttpRequest) -> JsonResponse:
    """RFC 9728 for /api/mcp; also at the root, where older clients look."""
    return _public(_resource(settings.MCP_RESOURCE, "Vault for agents (MCP)"))


@require_safe
def rest_resource(_: HttpRequest) -> JsonResponse:
    """RFC 9728 for /api/v1."""
    return _public(_resource(settings.REST_RESOURCE, "Vault for programs (REST)"))


@require_safe
def jwks(_: HttpRequest) -> JsonResponse:
    """RFC 7517: the public keys of access tokens; 503 while the first one cannot be made."""
    try:
        return _public({"keys": published()})
    except Unavailable:
        return JsonResponse({"error": "temporarily_unavailable"}, status=503)


def _client_authentication() -> dict[str, list[str]]:
    """`none` is for people's agents, the others for service accounts."""
    supported = {
        "token_endpoint": ["none", *METHODS],
        "revocation_endpoint": ["none", *METHODS],
        "introspection_endpoint": list(METHODS),
    }
    methods = {f"{name}_auth_methods_supported": list(them) for name, them in supported.items()}
    algorithms = {
        f"{name}_auth_signing_alg_values_supported": list(ALGORITHMS) for name in supported
    }
    return methods | algorithms


def _resource(identifier: str, name: str) -> dict[str, Any]:
    return {
        "resource": identifier,
        "resource_name": name,
        "authorization_servers": [settings.PUBLIC_URL],
        "scopes_supported": list(DEFAULT_SCOPES),
        "bearer_methods_supported": ["header"],
    }


def _public(document: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(document)
    response["Cache-Control"] = f"public, max-age={PUBLISHED_AHEAD}"
    response["Access-Control-Allow-Origin"] = "*"
    return response
