"""Protected resource metadata (RFC 9728), and how public documents are served."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from access.scopes import DEFAULT_SCOPES
from identity.tokens.signing_keys import PUBLISHED_AHEAD

RESOURCE_DOCUMENT = "/.well-known/oauth-protected-resource"


def resource_metadata_url(resource: str) -> str:
    """The address of a resource's metadata (RFC 9728 §3.1), as challenges name it."""
    path = resource.removeprefix(settings.PUBLIC_URL)
    return f"{settings.PUBLIC_URL}{RESOURCE_DOCUMENT}{path}"


@require_safe
def mcp_resource(_: HttpRequest) -> JsonResponse:
    """RFC 9728 for /api/mcp; also at the root, where older clients look."""
    return public_document(_resource(settings.MCP_RESOURCE, "Vault for agents (MCP)"))


@require_safe
def rest_resource(_: HttpRequest) -> JsonResponse:
    """RFC 9728 for /api/v1."""
    return public_document(_resource(settings.REST_RESOURCE, "Vault for programs (REST)"))


def _resource(identifier: str, name: str) -> dict[str, Any]:
    return {
        "resource": identifier,
        "resource_name": name,
        "authorization_servers": [settings.PUBLIC_URL],
        "scopes_supported": list(DEFAULT_SCOPES),
        "bearer_methods_supported": ["header"],
    }


def public_document(document: dict[str, Any]) -> JsonResponse:
    """A document for everybody, from any origin; cached no longer than a new key is announced."""
    response = JsonResponse(document)
    response["Cache-Control"] = f"public, max-age={PUBLISHED_AHEAD}"
    response["Access-Control-Allow-Origin"] = "*"
    return response
