"""An operation's answer, as it is sent and as it may be stored for a repeated request."""

from dataclasses import dataclass, field
from typing import Any

from rest_framework.response import Response

from access.actor import Actor
from foundation.schema.shapes import Shape
from restapi.routes.route import Route


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and members; `body` None is no content at all."""

    status: int
    body: dict[str, Any] | None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The framework's response."""
        return Response(self.body, status=self.status, headers=self.headers)


def make_answer(route: Route, outcome: Shape | None) -> Answer:
    """The route's answer for its operation's result."""
    if route.gives is None or outcome is None:
        return Answer(204, None)
    body = outcome.wire()
    headers = {"ETag": f'"{body["revision"]}"'} if route.versioned else {}
    return Answer(route.status, body, headers)


def storable_body(route: Route, answer: Answer) -> dict[str, Any] | None:
    """The members that may be stored: no handle and no secret."""
    if answer.body is None:
        return None
    return {name: value for name, value in answer.body.items() if name not in route.again}


def replay(route: Route, actor: Actor, kept: Answer) -> Answer:
    """A stored answer with its missing members recomputed, marked as replayed."""
    headers = {**kept.headers, "Idempotency-Replayed": "true"}
    if kept.body is None:
        return Answer(kept.status, None, headers)
    missing = {name: make(actor, kept.body) for name, make in route.again.items()}
    return Answer(kept.status, {**kept.body, **missing}, headers)
