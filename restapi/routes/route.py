"""One row of the table of routes: an operation and its endpoint."""

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from pydantic.alias_generators import to_camel

from access.actor import Actor
from audit.endpoint import Endpoint
from foundation.errors import CredentialNotFound, NotFound, VaultError
from foundation.schema.strict_json import MAXIMUM_BODY

# Recomputes a member of an answer from the stored members.
Recompute = Callable[[Actor, dict[str, Any]], str | None]
Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]

PLACE = re.compile(r"\{([A-Za-z]+)\}")


@dataclass(frozen=True, slots=True)
class Route(Endpoint):
    """Where an operation is served; its input and answer are read from the operation.

    The parameters in `path` are members of `takes`, or, without it, the operation's arguments in
    their order. The other members are query parameters of a GET or DELETE, otherwise members of
    the body; those in `kept_back` cannot be sent. Without `gives` the answer is 204, or with
    `media` a file of the type for the member `format`.

    `versioned`: the answer's `revision` is the ETag. `conditional`: If-Match becomes the member
    `revision`. `again` completes a replayed answer: it computes the members that must not be
    stored – a handle, a new secret – or leaves them out. `errors` are those that `refusals` does
    not derive from the path.
    """

    method: Method
    path: str
    summary: str
    _: KW_ONLY
    subject: str = ""
    status: int = 200
    errors: tuple[type[VaultError], ...] = ()
    kept_back: frozenset[str] = frozenset()
    versioned: bool = False
    conditional: bool = False
    repeatable: bool = True
    again: Mapping[str, Recompute] = field(default_factory=lambda: MappingProxyType({}))
    largest: int = MAXIMUM_BODY
    media: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """The operation's id in the document: `listCredentials`."""
        return to_camel(self.operation.__name__)

    @property
    def done(self) -> int:
        """The status of success."""
        return self.status if self.gives or self.media else 204

    @property
    def places(self) -> tuple[str, ...]:
        """The parameters in the path, in their order."""
        return tuple(PLACE.findall(self.path))

    @property
    def refusals(self) -> tuple[type[VaultError], ...]:
        """The operation's own errors; what a place names may not exist."""
        unknown = (CredentialNotFound if place == "key" else NotFound for place in self.places)
        return (*unknown, *self.errors)

    @property
    def writes(self) -> bool:
        """Whether it changes or discloses something."""
        return self.method != "GET"

    @property
    def in_body(self) -> bool:
        """Whether members come in the body rather than in the query."""
        return self.method in ("POST", "PATCH", "PUT")

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the query or the body, by the names they have outside."""
        if self.takes is None:
            return ()
        aside = {*self.places, *self.kept_back, *(["revision"] if self.conditional else [])}
        names = (to_camel(name) for name in self.takes.model_fields)
        return tuple(name for name in names if name not in aside)


def section(subject: str, *routes: Route) -> tuple[Route, ...]:
    """Routes under one heading of the document."""
    return tuple(replace(route, subject=subject) for route in routes)
