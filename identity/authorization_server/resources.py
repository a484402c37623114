"""The two resources that a token can be for, compared by equality, and what is asked for them."""

from collections.abc import Sequence

from django.conf import settings

from access.levels import Role
from access.scopes import OFFLINE_ACCESS, Scope
from identity.authorization_server.token_request import OAuthRequest
from identity.models import Client


class InvalidTarget(Exception):
    """RFC 8707 §2: the resource is not one of ours, or there is more than one."""


def named_resources(request: OAuthRequest) -> list[str]:
    """The resources that a request at the token endpoint names."""
    body = request.decoded_body or []
    return [value for name, value in body if name == "resource" and value]


def resource_from(values: Sequence[str]) -> str:
    """The resource that a request names; MCP when it names none. One trailing slash is dropped."""
    if not values:
        mcp: str = settings.MCP_RESOURCE
        return mcp
    if len(values) > 1:
        raise InvalidTarget("A token is for one resource.")
    resource = values[0].removesuffix("/")
    if resource not in (settings.MCP_RESOURCE, settings.REST_RESOURCE):
        raise InvalidTarget("The resource is not known here.")
    return resource


def offered_scopes(asked: Sequence[str], client: Client, resource: str) -> list[str]:
    """What of the scopes asked for this client can have at all, in the order asked.

    `vault:admin` is for REST and for clients that an operator registered; a client that registered
    itself gets the rest (RFC 6749 §3.3: the answer's `scope` says what was granted).
    """
    registered = client.registration_source == Client.RegistrationSource.MANUAL
    admin = registered and resource == settings.REST_RESOURCE
    known = {Scope.READ, Scope.WRITE, OFFLINE_ACCESS} | ({Scope.ADMIN} if admin else set())
    return list(dict.fromkeys(scope for scope in asked if scope in known))


def grantable_scopes(chosen: Sequence[str], offered: Sequence[str], role: Role) -> list[str]:
    """What the person ticked of what was offered; `vault:admin` only from owners and admins."""
    return [
        scope for scope in offered if scope in chosen and (scope != Scope.ADMIN or role.is_admin)
    ]
