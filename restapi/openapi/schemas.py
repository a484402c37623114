"""JSON Schemas (2020-12) of requests and answers, generated from the operations' shapes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic.json_schema import models_json_schema

from foundation.errors import problem_schema
from foundation.schema.shapes import SchemaMode, Shape, without_titles
from restapi.routes.route import Route

Schema = dict[str, Any]

IN: SchemaMode = "validation"
OUT: SchemaMode = "serialization"
TEMPLATE = "#/components/schemas/{model}"


@dataclass(slots=True)
class Schemas:
    """The shapes of a table of routes, by reference or member by member."""

    references: dict[tuple[type[Shape], SchemaMode], str] = field(default_factory=dict)
    definitions: dict[str, Schema] = field(default_factory=dict)

    @classmethod
    def of(cls, routes: Iterable[Route]) -> "Schemas":
        """The inputs and answers of all routes."""
        wanted: dict[tuple[type[Shape], SchemaMode], None] = {}
        for route in routes:
            wanted |= {(route.takes, IN): None} if route.takes else {}
            wanted |= {(route.gives, OUT): None} if route.gives else {}
        found, whole = models_json_schema(list(wanted), by_alias=True, ref_template=TEMPLATE)
        names = {
            (shape, mode): schema["$ref"].rpartition("/")[2]
            for (shape, mode), schema in found.items()
            if issubclass(shape, Shape)
        }
        definitions = {name: without_titles(schema) for name, schema in whole["$defs"].items()}
        for (_, mode), name in names.items():
            if mode == OUT:
                definitions[name] = _readable(definitions[name])
        return cls(names, definitions)

    def answer(self, shape: type[Shape]) -> Schema:
        """The reference to an answer."""
        return {"$ref": TEMPLATE.format(model=self.references[shape, OUT])}

    def body(self, route: Route) -> Schema:
        """The body: the members that are neither in the path nor in a header."""
        whole = self._input(route)
        properties = {name: _no_null_default(whole["properties"][name]) for name in route.members}
        required = [name for name in whole.get("required", ()) if name in properties]
        return {
            "description": whole["description"],
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }

    def member(self, route: Route, name: str) -> tuple[Schema, bool]:
        """One member as a parameter, and whether it is required; no parameter can be null."""
        whole = self._input(route)
        required = name in whole.get("required", ())
        return _not_null(whole["properties"][name]), required

    def components(self) -> dict[str, Schema]:
        """The shared definitions."""
        inputs = {name for (_, mode), name in self.references.items() if mode == IN}
        answers = {name for (_, mode), name in self.references.items() if mode == OUT}
        kept = {
            name: schema
            for name, schema in self.definitions.items()
            if name not in inputs - answers
        }
        return {**kept, "Problem": problem_schema()}

    def _input(self, route: Route) -> Schema:
        assert route.takes is not None
        return self.definitions[self.references[route.takes, IN]]


def _not_null(schema: Schema) -> Schema:
    choices = schema.get("anyOf", [])
    others = [choice for choice in choices if choice != {"type": "null"}]
    rest = _no_null_default({name: value for name, value in schema.items() if name != "anyOf"})
    if len(others) == 1:
        return {**rest, **others[0]}
    return {**rest, "anyOf": others} if others else rest


def _no_null_default(schema: Schema) -> Schema:
    """Omitting the member means null; where null is refused, the default would be wrong."""
    return {
        name: value for name, value in schema.items() if not (name == "default" and value is None)
    }


def _readable(schema: Any) -> Any:
    """Answers can be read, although pydantic marks every secret as write-only."""
    if isinstance(schema, list):
        return [_readable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _readable(value) for name, value in schema.items() if name != "writeOnly"}
