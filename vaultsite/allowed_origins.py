"""CORS: which pages of other origins may call what (Fetch standard, "HTTP CORS protocol").

An MCP client that runs in a browser calls the endpoint itself, registers and gets tokens. Pages of
the origins that the operator lists may do that; everybody may read what is published. Nothing here
uses cookies, so none are allowed.
"""

from django.conf import settings
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from foundation.web.allowed_origins import allowed_origins

FOR_LISTED = frozenset(
    ("/api/mcp", "/api/mcp/", "/oauth/register", "/oauth/token", "/oauth/revoke")
)
PUBLIC = ("/.well-known/", "/api/v1/.well-known/", "/oauth/jwks", "/api/v1/openapi.json")
# What the protocol's revisions and OAuth send, and what a client has to read of an answer.
ASKED = (
    *("accept", "authorization", "content-type", "last-event-id"),
    *("mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id"),
)
ANSWERED = ("Mcp-Session-Id", "Retry-After", "WWW-Authenticate", "X-Request-Id")
SECONDS_KEPT = 600


class CrossOrigin:
    """The application with answers to preflights and the headers that let pages read answers."""

    def __init__(self, app: ASGIApp) -> None:
        given = settings.ENVIRONMENT
        origins = allowed_origins(
            given.public_url, given.allowed_origins, development=given.development
        )
        self._app = app
        self._listed = _allowing(app, sorted(origins), ["GET", "POST", "DELETE"])
        self._public = _allowing(app, ["*"], ["GET", "HEAD"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and scope["path"] in FOR_LISTED:
            app = self._listed
        elif scope["type"] == "http" and scope["path"].startswith(PUBLIC):
            app = self._public
        await app(scope, receive, send)


def _allowing(app: ASGIApp, origins: list[str], methods: list[str]) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=methods,
        allow_headers=ASKED,
        expose_headers=ANSWERED,
        max_age=SECONDS_KEPT,
    )
