"""The authorization server's metadata (RFC 8414) and its public keys (RFC 7517)."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from access.scopes import DEFAULT_SCOPES, OFFLINE_ACCESS
from foundation.errors import Unavailable
from identity.authorization_server.client_assertions import ALGORITHMS
from identity.authorization_server.client_authentication import METHODS
from identity.authorization_server.registration import GRANT_TYPES
from identity.resource_server.metadata import public_document
from identity.tokens.signing_keys import published


@require_safe
def authorization_server(_: HttpRequest) -> JsonResponse:
    """RFC 8414; also under OpenID Connect's name, where some clients look."""
    here = settings.PUBLIC_URL
    documents: bool = settings.ENVIRONMENT.client_metadata_documents
    return public_document(
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
            "client_id_metadata_document_supported": documents,
        }
    )


@require_safe
def jwks(_: HttpRequest) -> JsonResponse:
    """RFC 7517: the public keys of access tokens; 503 while the first one cannot be made."""
    try:
        return public_document({"keys": published()})
    except Unavailable:
        return JsonResponse(
            {"error": "temporarily_unavailable", "error_description": "Try again in a moment."},
            status=503,
        )


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
