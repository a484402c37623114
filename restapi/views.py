"""The view that serves the table of routes: parse, call the operation, answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, cast

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from access.actor import Actor
from access.scopes import satisfies
from audit.recording import read_only
from foundation.web.streaming import iterate_in_thread
from restapi.authentication import actor_of
from restapi.idempotency import respond_once
from restapi.request_parsing import idempotency_key, read_call
from restapi.responses import make_answer
from restapi.routes.route import Route
from tenants.shapes.audit import ExportAudit


class FileRenderer(JSONRenderer):
    """Lets a client accept the type of a file; only refusals are rendered, as problems."""

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type


class Resource(APIView):
    """One path with the routes of its methods."""

    routes: ClassVar[Mapping[str, Route]] = {}

    def serve(self, request: Request, **places: str) -> HttpResponseBase:
        """Parse, run, answer; a request with an Idempotency-Key runs once."""
        route = self.route_of(request)
        actor = actor_of(request)
        require_scope(actor, route)
        key = idempotency_key(route, request)
        call = read_call(route, request, places)
        if route.media:
            return file_answer(route, call[0], route.operation(actor, *call))
        if key is None:
            return make_answer(route, route.operation(actor, *call)).response()
        return respond_once(actor, route, call, key).response()

    def route_of(self, request: Request) -> Route:
        """The route of the request's method."""
        return self.routes["GET" if request.method == "HEAD" else cast(str, request.method)]

    def get_renderers(self) -> list[BaseRenderer]:
        """JSON, and the types of this path's files."""
        media = {kind for route in self.routes.values() for kind in route.media.values()}
        return [*super().get_renderers(), *(FileRenderer(kind) for kind in sorted(media))]

    @property
    def largest_body(self) -> int:
        """The most bytes that are read of a body."""
        return max(route.largest for route in self.routes.values())


def require_scope(actor: Actor, route: Route) -> None:
    """A missing scope is reported before any other error of the request, as over MCP."""
    if not satisfies(actor.scopes, route.scope):
        with read_only(actor, route.action):
            pass


def resource(routes: Sequence[Route]) -> type[Resource]:
    """The view of one path."""
    methods = {route.method: route for route in routes}
    names = [method.lower() for method in methods] + (["head"] if "GET" in methods else [])
    handlers = {method.lower(): Resource.serve for method in methods}
    return type(
        "Resource", (Resource,), {"routes": methods, "http_method_names": names, **handlers}
    )


def file_answer(route: Route, query: ExportAudit, parts: Iterator[str]) -> StreamingHttpResponse:
    """The file as a download, sent while it is read."""
    name = f"vault-{route.path.partition('/')[0]}.{query.format}"
    return StreamingHttpResponse(
        iterate_in_thread(parts),
        content_type=route.media[query.format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
