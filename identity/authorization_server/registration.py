"""Dynamic client registration (RFC 7591): public clients with the authorization code flow."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from access.actions import Channel
from access.actor import Actor
from access.scopes import DEFAULT_SCOPES, OFFLINE_ACCESS, Scope
from audit.events import Event
from audit.recording import INSTALLATION, record_in_transaction
from identity.authorization_server.client_names import NAMELESS, clean_name, deceives
from identity.authorization_server.redirect_uris import LONGEST, Redirect
from identity.models import Client
from identity.web.request_context import address_of, request_id_of

MOST_REDIRECTS = 5
GRANT_TYPES = ("authorization_code", "refresh_token")
OFFERED = (Scope.READ, Scope.WRITE, OFFLINE_ACCESS)


class RegistrationError(Exception):
    """RFC 7591 §3.2.2: `code` is the error; the text names the rule, never the input."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def register_client(metadata: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    """Create a client and return its registration; joins the caller's transaction.

    Requested values that are not offered are replaced (RFC 7591 §2). Members that are not used
    here, such as logos, links, keys and statements, are neither stored nor fetched.
    """
    _require_code_flow(metadata)
    client = Client.objects.create(
        name=_name(metadata),
        redirect_uris=" ".join(_redirects(metadata)),
        client_type=Client.CLIENT_PUBLIC,
        authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        client_secret="",
        hash_client_secret=False,
        registration_source=Client.RegistrationSource.DCR,
    )
    actor = Actor(
        tenant_id=INSTALLATION,
        channel=Channel.REST,
        client_id=client.pk,
        request_id=request_id_of(request),
        address=address_of(request),
    )
    record_in_transaction(actor, Event.CLIENT_REGISTERED, name=client.name)
    return {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris.split(),
        "grant_types": list(GRANT_TYPES),
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": _scope(metadata),
    }


def _require_code_flow(metadata: dict[str, Any]) -> None:
    grants = _strings(metadata, "grant_types", list(GRANT_TYPES))
    responses = _strings(metadata, "response_types", ["code"])
    if "authorization_code" not in grants or "code" not in responses:
        raise RegistrationError(
            "invalid_client_metadata", "Only the authorization code flow can be registered."
        )


def _redirects(metadata: dict[str, Any]) -> list[str]:
    uris = _strings(metadata, "redirect_uris", [])
    if not 1 <= len(uris) <= MOST_REDIRECTS:
        raise RegistrationError(
            "invalid_redirect_uri", f"1 to {MOST_REDIRECTS} redirect URIs are needed."
        )
    if any(Redirect.parse(uri) is None for uri in uris):
        hosts = ", ".join(settings.ENVIRONMENT.redirect_hosts) or "none"
        raise RegistrationError(
            "invalid_redirect_uri",
            "A redirect URI is http on 127.0.0.1, [::1] or localhost, or https on a host that "
            f"the operator lists ({hosts}); no query, fragment or user, {LONGEST} characters.",
        )
    return list(dict.fromkeys(uris))


def _name(metadata: dict[str, Any]) -> str:
    given = metadata.get("client_name", "")
    if not isinstance(given, str):
        raise RegistrationError("invalid_client_metadata", "client_name must be a string.")
    name = clean_name(given)
    if deceives(name):
        raise RegistrationError(
            "invalid_client_metadata", "client_name must not pose as something else."
        )
    return name or NAMELESS


def _scope(metadata: dict[str, Any]) -> str:
    given = metadata.get("scope", "")
    if not isinstance(given, str):
        raise RegistrationError("invalid_client_metadata", "scope must be a string.")
    known = [scope for scope in OFFERED if scope in given.split()]
    return " ".join(known or DEFAULT_SCOPES)


def _strings(metadata: dict[str, Any], name: str, default: list[str]) -> list[str]:
    values = metadata.get(name, default)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RegistrationError("invalid_client_metadata", f"{name} must be a list of strings.")
    return values
