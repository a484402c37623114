"""Dynamic client registration (RFC 7591): public clients with the authorization code flow."""

from dataclasses import dataclass
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

MOST_REDIRECTS = 10
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
    given = {name: value for name, value in metadata.items() if value is not None}
    registered = read_metadata(given)
    client = create_public_client(
        request, registration_source=Client.RegistrationSource.DCR, **registered.columns
    )
    return {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        "client_name": client.name,
        "redirect_uris": registered.redirects,
        "grant_types": _grant_types(registered),
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": _scope(given),
    }


def create_public_client(request: HttpRequest, **columns: Any) -> Client:
    """A client without a secret, and its entry; joins the caller's transaction."""
    client: Client = Client.objects.create(
        client_type=Client.CLIENT_PUBLIC,
        authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        client_secret="",
        hash_client_secret=False,
        **columns,
    )
    actor = Actor(
        tenant_id=INSTALLATION,
        channel=Channel.REST,
        client_id=client.pk,
        request_id=request_id_of(request),
        address=address_of(request),
    )
    record_in_transaction(actor, Event.CLIENT_REGISTERED, name=client.name)
    return client


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """What is used of a client's metadata."""

    name: str
    redirects: list[str]
    refreshes: bool

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the client that hold it."""
        return {
            "name": self.name,
            "redirect_uris": " ".join(self.redirects),
            "uses_refresh_tokens": self.refreshes,
        }


def read_metadata(metadata: dict[str, Any], origin: str = "") -> ClientMetadata:
    """The metadata of a registration, or of the document at `origin` that describes a client.

    Raises RegistrationError.
    """
    _require_code_flow(metadata)
    return ClientMetadata(
        name=_name(metadata),
        redirects=_redirects(metadata, origin),
        refreshes="refresh_token" in _strings(metadata, "grant_types", list(GRANT_TYPES)),
    )


def _grant_types(registered: ClientMetadata) -> list[str]:
    code, refresh = GRANT_TYPES
    return [code, refresh] if registered.refreshes else [code]


def _require_code_flow(metadata: dict[str, Any]) -> None:
    grants = _strings(metadata, "grant_types", list(GRANT_TYPES))
    responses = _strings(metadata, "response_types", ["code"])
    if "authorization_code" not in grants or "code" not in responses:
        raise RegistrationError(
            "invalid_client_metadata", "Only the authorization code flow can be registered."
        )


def _redirects(metadata: dict[str, Any], origin: str) -> list[str]:
    """The allowed ones of the list: a client may name several, of which it uses one (RFC 7591 §2
    lets a server register less than was asked for, and answer it).
    """
    uris = list(dict.fromkeys(_strings(metadata, "redirect_uris", [])))
    allowed = [uri for uri in uris if Redirect.parse(uri, origin)]
    if not uris or len(uris) > MOST_REDIRECTS:
        raise RegistrationError(
            "invalid_redirect_uri", f"1 to {MOST_REDIRECTS} redirect URIs are needed."
        )
    if not allowed:
        raise RegistrationError("invalid_redirect_uri", _which_are_allowed())
    return allowed


def _which_are_allowed() -> str:
    given = settings.ENVIRONMENT
    listed = ", ".join((*given.redirect_hosts, *given.redirect_uris)) or "none"
    known = ", of a well-known client" if given.well_known_redirects else ""
    return (
        f"A redirect URI is http on 127.0.0.1, [::1] or localhost{known}, or one that the operator "
        f"lists ({listed}); no query, fragment or user, {LONGEST} characters."
    )


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
