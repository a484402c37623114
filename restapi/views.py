"""The table of routes, served: an address parses, calls the operation, answers."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from django.http.response import HttpResponseBase
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from access.actor import Actor
from access.scopes import satisfies
from audit.recording import read_only
from restapi.authentication import actor_of
from restapi.file_responses import FileRenderer, file_answer
from restapi.idempotency import respond_once
from restapi.request_parsing import idempotency_key, read_call
from restapi.responses import make_answer
from restapi.routes.route import Route


class Resource(APIView):
    """One address with the routes of its methods."""

    routes: ClassVar[Mapping[str, Route]] = {}

    def serve(self, request: Request, **places: str) -> HttpResponseBase:
        """Parse, do, answer; a request with an Idempotency-Key is done once."""
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
        """JSON, and the types of the files that are to be had here."""
        media = {one for route in self.routes.values() for one in route.media.values()}
        return [*super().get_renderers(), *(FileRenderer(one) for one in sorted(media))]

    @property
    def largest_body(self) -> int:
        """How much of a body is read here at most."""
        return max(route.largest for route in self.routes.values())


def require_scope(actor: Actor, route: Route) -> None:
    """A missing scope comes before everything that is wrong with the request, as for agents."""
    if not satisfies(actor.scopes, route.scope):
        with read_only(actor, route.action):
            pass


def resource(routes: Sequence[Route]) -> type[Resource]:
    """The view of one address."""
    methods = {route.method: route for route in routes}
    names = [method.lower() for method in methods] + (["head"] if "GET" in methods else [])
    handlers = {method.lower(): Resource.serve for method in methods}
    return type(
        "Resource", (Resource,), {"routes": methods, "http_method_names": names, **handlers}
    )
