"""Where a value may be sent: the wire form of the `disclosure` package as shapes."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from disclosure import DestinationError, parse_destination, parse_destinations
from disclosure.destinations import MOST_DESTINATIONS
from foundation.errors import Invalid
from foundation.schema.shapes import Shape


class BearerInjection(Shape):
    """`Authorization: Bearer <value>`."""

    type: Literal["bearer"] = "bearer"


class HeaderInjection(Shape):
    """A header of its own, such as `X-Api-Key`; `format` contains `{value}` once."""

    type: Literal["header"]
    name: str = Field(min_length=1, max_length=128)
    format: str = Field(default="{value}", min_length=7, max_length=200)


class BasicInjection(Shape):
    """HTTP Basic: the value is the password of `user`, or the user name without one."""

    type: Literal["basic"]
    user: str | None = Field(default=None, min_length=1, max_length=128)


class QueryInjection(Shape):
    """A parameter of the URL's query."""

    type: Literal["query"]
    parameter: str = Field(min_length=1, max_length=128)


Injection = Annotated[
    BearerInjection | HeaderInjection | BasicInjection | QueryInjection,
    Field(discriminator="type"),
]


class Destination(Shape):
    """A host that a value may be sent to over https, and how it is put into the request.

    `host` is a name or `*.` and a name (one more label), with `:port` unless that is 443.
    """

    host: str = Field(min_length=1, max_length=260)
    inject: Injection = BearerInjection()


def _check(given: list[Destination]) -> list[Destination]:
    wire = destinations_wire(given)
    try:
        parse_destinations(wire)
    except DestinationError as error:
        raise Invalid(f"destinations: {error}", "destinations") from None
    return given


Destinations = Annotated[
    list[Destination], Field(min_length=1, max_length=MOST_DESTINATIONS), AfterValidator(_check)
]


def check_host(host: str) -> str:
    """`host` in its one spelling, as a destination names it. Raises Invalid."""
    try:
        return parse_destination({"host": host}).wire_host
    except DestinationError as error:
        raise Invalid(f"destination: {error}", "destination") from None


def destinations_wire(given: Sequence[Destination] | None) -> list[dict[str, Any]] | None:
    """What is stored: the wire form in its one spelling."""
    if given is None:
        return None
    wire = [item.model_dump(mode="json", exclude_none=True) for item in given]
    try:
        return [item.to_wire() for item in parse_destinations(wire)]
    except DestinationError:
        return wire


def destinations_out(stored: list[dict[str, Any]] | None) -> list[Destination] | None:
    """What was stored, as shapes."""
    return None if stored is None else [Destination.model_validate(item) for item in stored]
