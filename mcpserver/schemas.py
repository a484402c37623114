"""JSON Schemas (2020-12) of the tools, made from the shapes of their operations."""

from typing import Any

from foundation.errors import problem_schema
from foundation.schema.shapes import Shape
from mcpserver.instructions import ARGUMENTS


def input_schema(shape: type[Shape]) -> dict[str, Any]:
    """The arguments of a tool, with the descriptions of `mcpserver.instructions`."""
    schema = shape.json_schema("validation")
    schema.pop("description", None)  # the tool's own says more
    for name, argument in schema.get("properties", {}).items():
        argument["description"] = ARGUMENTS[name]
    return schema


def output_schema(shape: type[Shape]) -> dict[str, Any]:
    """The structured content of a tool: its answer, or the problem of a refusal.

    Both, because some clients validate refusals against this schema as well.
    """
    answer = shape.json_schema("serialization")
    definitions = answer.pop("$defs", {})
    schema = {"type": "object", "anyOf": [answer, problem_schema()]}
    return {**schema, "$defs": definitions} if definitions else schema
