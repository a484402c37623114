"""JSON Schemas (2020-12) of the tools, made from the shapes of their operations."""

from typing import Any

from foundation.schema.shapes import Shape
from mcpserver.instructions import ARGUMENTS

PROBLEM_SCHEMA: dict[str, Any] = {
    "description": "With isError: what was refused and why, as the REST API says it (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
        "instance": {"type": "string"},
        "requestId": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "code"],
}


def input_schema(shape: type[Shape]) -> dict[str, Any]:
    """The arguments of a tool, in the words of `mcpserver.instructions`."""
    schema: dict[str, Any] = _lean(shape.model_json_schema(by_alias=True, mode="validation"))
    schema.pop("description", None)  # the tool's own says more
    for name, argument in schema.get("properties", {}).items():
        argument["description"] = ARGUMENTS[name]
    return schema


def output_schema(shape: type[Shape]) -> dict[str, Any]:
    """The structured content of a tool: its answer, or the problem of a refusal.

    Both, since some clients hold refusals to this schema as well.
    """
    answer = _lean(shape.model_json_schema(by_alias=True, mode="serialization"))
    definitions = answer.pop("$defs", {})
    schema = {"type": "object", "anyOf": [answer, PROBLEM_SCHEMA]}
    return {**schema, "$defs": definitions} if definitions else schema


def _lean(schema: Any) -> Any:
    """Without the titles that pydantic derives from names: they only cost the model tokens."""
    if isinstance(schema, list):
        return [_lean(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _lean(one) for key, one in part.items()}
        if name in ("properties", "$defs")
        else _lean(part)
        for name, part in schema.items()
        if not (name == "title" and isinstance(part, str))
    }
