"""The two resources that a token can be for, and their scopes."""

from collections.abc import Sequence

from django.conf import settings

from access.levels import Role
from access.scopes import OFFLINE_ACCESS, Scope
from identity.authorization_server.token_request import OAuthRequest
from identity.models import Client


class InvalidTarget(Exception):
    """RFC 8707 §2: the resource is unknown, or there is more than one."""


def named_resources(request: OAuthRequest) -> list[str]:
    """The resources in a request at the token endpoint."""
    body = request.decoded_body or []
    return [value for name, value in body if name == "resource" and value]


def resource_from(values: Sequence[str]) -> str:
    """The requested resource; MCP when none is named. One trailing slash is dropped."""
    if not values:
        mcp: str = settings.MCP_RESOURCE
        return mcp
    if len(values) > 1:
        raise InvalidTarget("A token is for one resource.")
    resource = values[0].removesuffix("/")
    if resource not in (settings.MCP_RESOURCE, settings.REST_RESOURCE):
        raise InvalidTarget("The resource is not known here.")
    return resource


def offered_scopes(requested: Sequence[str], client: Client, resource: str) -> list[str]:
    """The requested scopes that this client can have, in the order requested.

    `vault:admin` is for REST and for clients that an operator registered; a self-registered client
    gets the rest (RFC 6749 §3.3: the answer's `scope` says what was granted).
    """
    registered = client.registration_source == Client.RegistrationSource.MANUAL
    admin = registered and resource == settings.REST_RESOURCE
    known = {Scope.READ, Scope.WRITE, OFFLINE_ACCESS} | ({Scope.ADMIN} if admin else set())
    return list(dict.fromkeys(scope for scope in requested if scope in known))


def grantable_scopes(chosen: Sequence[str], offered: Sequence[str], role: Role) -> list[str]:
    """The offered scopes that the person ticked; `vault:admin` only for owners and admins.

    None for auditors, who have no agents.
    """
    if role is Role.AUDITOR:
        return []
    return [
        scope for scope in offered if scope in chosen and (scope != Scope.ADMIN or role.is_admin)
    ]
