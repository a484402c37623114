"""What every request to /api/mcp passes before the SDK: host, origin, token, method, body, scope.

The SDK accepts repeated members, echoes rejected values and knows no scopes; so nothing reaches
it that was not checked here (docs/decisions/0005-mcp.md).
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings
from django.db import InterfaceError, OperationalError
from mcp.shared.inbound import find_duplicated_routing_header
from mcp_types import HEADER_MISMATCH, INVALID_REQUEST
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.actions import Action, Channel
from access.actor import Actor
from access.scopes import satisfies
from access.tenancy import acting_transaction
from audit.recording import read_only
from foundation.db.ids import uuid7
from foundation.errors import (
    InsufficientScope,
    MethodNotAllowed,
    RequestTimeout,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    VaultError,
)
from foundation.safe_traceback import safe_traceback
from foundation.web.allowed_origins import allowed_hosts, allowed_origins
from foundation.web.client_ip import client_address
from foundation.web.request_body import ClientDisconnected, read_body, replay_body
from identity.resource_server.bearer_token import NoToken, bearer_token, wider_scope
from identity.resource_server.verification import actor_from_token, challenge
from mcpserver.jsonrpc import InvalidMessage, RpcMessage, parse_message
from mcpserver.responses import RequestRefused, problem, rpc_error
from mcpserver.thread_pool import WorkerThreads
from mcpserver.tools import find_tool
from tenants.agent_activity import record_activity

log = logging.getLogger(__name__)

ACTOR = "vault.actor"
BROKEN = "Something broke on our side."
RETRY_SECONDS = "2"


class Guard:
    """The ASGI application in front of the SDK's; puts the actor into the scope."""

    def __init__(self, app: ASGIApp, threads: WorkerThreads) -> None:
        self._app = app
        self._threads = threads
        given = settings.ENVIRONMENT
        self._proxies: int = given.trusted_proxies
        self._hosts = allowed_hosts(given.public_url, development=given.development)
        self._origins = allowed_origins(
            given.public_url, given.allowed_origins, development=given.development
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = uuid7().hex
        private = _privately(send, request_id)
        try:
            body = await self._admit(scope, receive, request_id)
        except RequestRefused as refused:
            await refused.response(scope, receive, private)
        except ClientDisconnected:
            return
        except Exception as error:  # noqa: BLE001  # the server would log its words and send none
            log.error("request %s failed: %s", request_id, safe_traceback(error))
            await problem(VaultError(BROKEN), request_id).response(scope, receive, private)
        else:
            await self._app(scope, replay_body(body, receive), private)

    async def _admit(self, scope: Scope, receive: Receive, request_id: str) -> bytes:
        """The body of a request that may go on."""
        headers = Headers(scope=scope)
        self._check_place(headers)
        actor = await self._authenticate(scope, headers, request_id)
        _check_form(scope, headers, request_id)
        body = await _read_body(headers, receive, request_id)
        envelope = _check_message(headers, body)
        actor = replace(actor, claimed=envelope.claims(headers.get("user-agent", "")))
        await self._check_scope(actor, envelope)
        scope[ACTOR] = actor
        return body

    def _check_place(self, headers: Headers) -> None:
        """No name but ours, and no foreign page: what DNS rebinding would need."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise rpc_error(INVALID_REQUEST, "The Host header does not name this server.", 403)
        if not set(headers.getlist("origin")) <= self._origins:
            raise rpc_error(INVALID_REQUEST, "This origin is not allowed.", 403)

    async def _authenticate(self, scope: Scope, headers: Headers, request_id: str) -> Actor:
        peer, _ = scope.get("client") or ("", 0)
        address = client_address(peer, headers.getlist("x-forwarded-for"), self._proxies)
        try:
            token = bearer_token(headers.getlist("authorization"))
            return await self._threads.run(lambda: _caller(token, request_id, address))
        except Unauthenticated as error:
            raise problem(error, request_id, _unauthenticated(error)) from None
        except (Unavailable, OperationalError, InterfaceError):
            raise problem(Unavailable(), request_id, {"Retry-After": RETRY_SECONDS}) from None

    async def _check_scope(self, actor: Actor, envelope: RpcMessage) -> None:
        """403 for a missing scope and nothing else: it makes the client ask its person for more."""
        tool = find_tool(envelope.tool) if envelope.tool else None
        if tool is None:
            await self._check_again(actor)
            return
        if satisfies(actor.scopes, tool.scope):
            return
        try:
            await self._threads.run(lambda: _require(actor, tool.action))
        except InsufficientScope as error:
            raise problem(error, actor.request_id, _step_up(actor, error)) from None
        except Unauthenticated as error:
            raise problem(error, actor.request_id, _unauthenticated(error)) from None
        except Unavailable as error:
            raise problem(error, actor.request_id, {"Retry-After": RETRY_SECONDS}) from None

    async def _check_again(self, actor: Actor) -> None:
        """The body may have come long after the token was looked up. No operation checks what
        needs none, such as the list of tools.
        """
        try:
            await self._threads.run(lambda: _require_in_force(actor))
        except Unauthenticated as error:
            raise problem(error, actor.request_id, _unauthenticated(error)) from None
        except (Unavailable, OperationalError, InterfaceError):
            raise problem(Unavailable(), actor.request_id, {"Retry-After": RETRY_SECONDS}) from None


def _require_in_force(actor: Actor) -> None:
    with acting_transaction(actor):
        pass


def _caller(token: str, request_id: str, address: str) -> Actor:
    actor = actor_from_token(
        token,
        resource=settings.MCP_RESOURCE,
        channel=Channel.MCP,
        request_id=request_id,
        address=address,
    )
    record_activity(actor)
    return actor


def _unauthenticated(error: Unauthenticated) -> Mapping[str, str]:
    if isinstance(error, NoToken):
        return {"WWW-Authenticate": challenge(settings.MCP_RESOURCE)}
    return {
        "WWW-Authenticate": challenge(
            settings.MCP_RESOURCE, error="invalid_token", description=error.detail
        )
    }


def _require(actor: Actor, action: Action) -> None:
    """InsufficientScope, which is in the audit log by then."""
    with read_only(actor, action):
        pass


def _step_up(actor: Actor, error: InsufficientScope) -> Mapping[str, str]:
    return {
        "WWW-Authenticate": challenge(
            settings.MCP_RESOURCE,
            error="insufficient_scope",
            scope=wider_scope(actor.scopes, str(error.extra["required"])),
            description=error.detail,
        )
    }


def _check_form(scope: Scope, headers: Headers, request_id: str) -> None:
    if scope["method"] != "POST":
        # No stream to GET, no session to DELETE.
        raise problem(MethodNotAllowed("Only POST."), request_id, {"Allow": "POST"})
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or "content-encoding" in headers:
        raise problem(UnsupportedMediaType("Only plain application/json."), request_id)


async def _read_body(headers: Headers, receive: Receive, request_id: str) -> bytes:
    seconds = settings.ENVIRONMENT.request_body_seconds
    try:
        return await read_body(headers.get("content-length", ""), receive, seconds=seconds)
    except (TooLarge, RequestTimeout) as error:
        # The rest of the body is not waited for.
        raise problem(error, request_id, {"Connection": "close"}) from None


def _check_message(headers: Headers, body: bytes) -> RpcMessage:
    repeated = find_duplicated_routing_header(headers.items())
    if repeated is not None:
        raise rpc_error(HEADER_MISMATCH, f"The {repeated} header was sent more than once.")
    try:
        envelope = parse_message(body)
        envelope.require_version_header(headers.get("mcp-protocol-version"))
    except InvalidMessage as error:
        raise rpc_error(error.code, error.message) from None
    return envelope


def _privately(send: Send, request_id: str) -> Send:
    """Every answer is for this client alone and can be found again by its request's id."""
    extra = [
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", request_id.encode()),
    ]

    async def private(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in extra}
            kept = [pair for pair in message["headers"] if pair[0].lower() not in own]
            message = {**message, "headers": [*kept, *extra]}
        await send(message)

    return private
