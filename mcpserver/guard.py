"""Checks of every request to /api/mcp before the SDK: host, origin, token, method, body, scope.

The SDK accepts repeated members, echoes rejected values and knows no scopes, so it only gets what
was checked here (docs/decisions/0005-mcp.md).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import InterfaceError, OperationalError
from mcp.shared.inbound import find_duplicated_routing_header
from mcp_types import HEADER_MISMATCH, INVALID_REQUEST
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
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
from foundation.web.client_ip import address_of_scope
from foundation.web.request_body import ClientDisconnected, read_body, replay_body
from identity.resource_server.bearer_token import NoToken, bearer_token, wider_scope
from identity.resource_server.known_tokens import known_tokens
from identity.resource_server.verification import actor_from_token, challenge
from mcpserver.direct_calls import is_ordinary, response_body
from mcpserver.jsonrpc import InvalidMessage, RpcMessage, parse_message
from mcpserver.thread_pool import WorkerThreads
from mcpserver.tool_calls import ToolCalls
from mcpserver.tool_names import takes_dots
from mcpserver.tools import Tool, find_tool
from tenants.agent_activity import is_activity_due, record_activity

log = logging.getLogger(__name__)

ACTOR = "vault.actor"
ENDED = "vault.ended"
PROBLEM = "application/problem+json"
BROKEN = "Quote the request id when you report this."
RETRY_SECONDS = "2"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that passed every check; with the tool to call if it needs nothing of the SDK."""

    actor: Actor
    message: RpcMessage
    body: bytes
    tool: Tool | None


class RequestRefused(Exception):
    """The request is refused with `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def problem(
    error: VaultError, request_id: str, headers: Mapping[str, str] | None = None
) -> RequestRefused:
    """A refusal of the request itself, as a problem like the REST API's (RFC 9457)."""
    document = error.as_problem(request_id)
    return RequestRefused(JSONResponse(document, error.status, headers, media_type=PROBLEM))


def rpc_error(code: int, message: str, status: int = 400) -> RequestRefused:
    """A refusal of the JSON-RPC message, without its id because it was not accepted."""
    error = {"code": code, "message": message}
    return RequestRefused(JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status))


class Guard:
    """The ASGI application in front of the SDK's; it puts the actor into the scope.

    There are two of the SDK's, which differ in the spelling of tool names.
    """

    def __init__(
        self, dotted: ASGIApp, plain: ASGIApp, threads: WorkerThreads, calls: ToolCalls
    ) -> None:
        self._dotted = dotted
        self._plain = plain
        self._threads = threads
        self._calls = calls
        environment = settings.ENVIRONMENT
        self._proxies: int = environment.trusted_proxies
        self._hosts = allowed_hosts(environment.public_url, development=environment.development)
        self._origins = allowed_origins(
            environment.public_url, environment.allowed_origins, development=environment.development
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = _without_blanks(scope)
        request_id = uuid7().hex
        private = _without_caching(send, request_id)
        try:
            admitted = await self._admit(scope, receive, request_id)
            if admitted.tool is not None:
                answer = await self._call(admitted.tool, admitted)
                await answer(scope, receive, private)
                return
        except RequestRefused as refused:
            await refused.response(scope, receive, private)
        except ClientDisconnected:
            return
        except Exception as error:  # noqa: BLE001  # the server would log its message and send no answer
            log.error("request %s failed: %s", request_id, safe_traceback(error))
            await problem(VaultError(BROKEN), request_id).response(scope, receive, private)
        else:
            app = self._dotted if takes_dots(admitted.actor) else self._plain
            await app(
                scope, replay_body(admitted.body, receive), _unless_ended(scope, receive, private)
            )

    async def _call(self, tool: Tool, admitted: Admitted) -> Response:
        """The answer to an ordinary tool call."""
        arguments = admitted.message.params.get("arguments", {})
        try:
            result = await self._calls.run(tool, arguments, admitted.actor)
        except Unauthenticated as error:
            raise _ended(admitted.actor, error) from None
        return Response(response_body(admitted.message, result), media_type="application/json")

    async def _admit(self, scope: Scope, receive: Receive, request_id: str) -> Admitted:
        """The admitted request; its actor is also in the scope."""
        headers = Headers(scope=scope)
        self._check_host_and_origin(headers)
        address = address_of_scope(scope, headers.getlist("x-forwarded-for"), self._proxies)
        known = await self._authenticate(headers, request_id, address)
        _check_form(scope, headers, request_id)
        body = await _read_body(headers, receive, request_id)
        message = _check_message(headers, body)
        claimed = message.claims(headers.get("user-agent", ""))
        actor = replace(known, request_id=request_id, address=address, claimed=claimed)
        await self._check_scope(actor, message)
        scope[ACTOR] = actor
        tool = find_tool(message.tool) if message.tool else None
        if tool is not None and not is_ordinary(headers, message):
            tool = None
        return Admitted(actor, message, body, tool)

    def _check_host_and_origin(self, headers: Headers) -> None:
        """Refuse foreign hosts and origins, which DNS rebinding would need."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise rpc_error(INVALID_REQUEST, "The Host header does not name this server.", 403)
        if not set(headers.getlist("origin")) <= self._origins:
            raise rpc_error(INVALID_REQUEST, "This origin is not allowed.", 403)

    async def _authenticate(self, headers: Headers, request_id: str, address: str) -> Actor:
        """The token's actor. A known one was looked up before; the operation checks that its token
        is still in force.
        """
        try:
            token = bearer_token(headers.getlist("authorization"))
            actor = known_tokens.find(token, settings.MCP_RESOURCE)
            if actor is None:
                actor = await self._threads.run(lambda: _look_up(token))
                known_tokens.keep(token, settings.MCP_RESOURCE, actor)
            if is_activity_due(actor):
                called = replace(actor, address=address)
                await self._threads.run(lambda: record_activity(called))
        except Unauthenticated as error:
            raise problem(error, request_id, _unauthenticated(error)) from None
        except (Unavailable, OperationalError, InterfaceError):
            raise problem(Unavailable(), request_id, {"Retry-After": RETRY_SECONDS}) from None
        return actor

    async def _check_scope(self, actor: Actor, envelope: RpcMessage) -> None:
        """403 only for a missing scope: it makes the client request more scopes from its person."""
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
        """The body may have arrived long after the token was checked, and requests such as the list
        of tools run no operation that would check again.
        """
        try:
            await self._threads.run(lambda: _require_in_force(actor))
        except Unauthenticated as error:
            raise problem(error, actor.request_id, _unauthenticated(error)) from None
        except (Unavailable, OperationalError, InterfaceError):
            raise problem(Unavailable(), actor.request_id, {"Retry-After": RETRY_SECONDS}) from None


def _without_blanks(scope: Scope) -> Scope:
    """Blanks around a header's value do not belong to it (RFC 9110 §5.5)."""
    headers = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
    return {**scope, "headers": headers}


def _require_in_force(actor: Actor) -> None:
    with acting_transaction(actor):
        pass


def _look_up(token: str) -> Actor:
    return actor_from_token(token, resource=settings.MCP_RESOURCE, channel=Channel.MCP)


def _ended(actor: Actor, error: Unauthenticated) -> RequestRefused:
    """The operation found that the token has ended."""
    known_tokens.forget(actor)
    return problem(error, actor.request_id, _unauthenticated(error))


def _unless_ended(scope: Scope, receive: Receive, send: Send) -> Send:
    """Answers HTTP 401 instead of the SDK's answer when the operation found an ended token."""
    replaced = False

    async def sending(message: Message) -> None:
        nonlocal replaced
        if replaced:
            return
        error = scope.get(ENDED)
        if error is None:
            await send(message)
            return
        replaced = True
        await _ended(scope[ACTOR], error).response(scope, receive, send)

    return sending


def _unauthenticated(error: Unauthenticated) -> Mapping[str, str]:
    if isinstance(error, NoToken):
        return {"WWW-Authenticate": challenge(settings.MCP_RESOURCE)}
    return {
        "WWW-Authenticate": challenge(
            settings.MCP_RESOURCE, error="invalid_token", description=error.detail
        )
    }


def _require(actor: Actor, action: Action) -> None:
    """Raise InsufficientScope; the refusal is then in the audit log."""
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
    except (TooLarge, RequestTimeout, Unavailable) as error:
        # Do not wait for the rest of the body.
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


def _without_caching(send: Send, request_id: str) -> Send:
    """No answer is cached, and each carries its request id."""
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
