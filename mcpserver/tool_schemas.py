"""How tools are listed. Every word of it is in the context of each conversation, so the schemas
say what a client has to know to call and to check, and the operations enforce the rest.
"""

from collections.abc import Callable
from typing import Any

import mcp_types as types

from foundation.schema.shapes import Shape
from mcpserver.instructions import ARGUMENTS
from mcpserver.tools import Tool

# Bounds are said in words, or by the refusal.
LEFT_OUT_OF_INPUT = frozenset(
    (
        *("default", "description", "format", "pattern", "propertyNames", "writeOnly"),
        *("maximum", "maxItems", "maxLength", "maxProperties", "minimum", "minLength"),
    )
)
LEFT_OUT_OF_OUTPUT = LEFT_OUT_OF_INPUT | {"additionalProperties", "required"}
# What every refusal has (RFC 9457), for clients that validate refusals as well.
PROBLEM: dict[str, Any] = {"required": ["code", "detail", "hint"]}


def described(tool: Tool, spelling: Callable[[str], str]) -> types.Tool:
    """The tool as it is listed; `spelling` is applied to every text that names tools."""
    assert tool.takes is not None
    assert tool.gives is not None
    return types.Tool(
        name=spelling(tool.name),
        title=tool.title,
        description=spelling(tool.description),
        input_schema=_input_schema(tool.takes, spelling),
        output_schema=_output_schema(tool.gives),
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.read_only,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
    )


def _input_schema(shape: type[Shape], spelling: Callable[[str], str]) -> dict[str, Any]:
    """The arguments of a tool, with the descriptions of `mcpserver.instructions`."""
    schema: dict[str, Any] = _lean(shape.json_schema("validation"), LEFT_OUT_OF_INPUT)
    schema = _inline(schema, schema.pop("$defs", {}))
    for name, argument in schema.get("properties", {}).items():
        argument["description"] = spelling(ARGUMENTS[name])
        if "anyOf" in argument:  # an object among them, which the description explains
            argument["type"] = [one["type"] for one in argument.pop("anyOf")]
    return schema


def _output_schema(shape: type[Shape]) -> dict[str, Any]:
    """The structured content of a tool: its answer, or the problem of a refusal."""
    whole = shape.json_schema("serialization")
    answer = {**_lean(whole, LEFT_OUT_OF_OUTPUT), "required": whole["required"]}
    definitions = answer.pop("$defs", {})
    schema = {"type": "object", "anyOf": [answer, PROBLEM]}
    return {**schema, "$defs": definitions} if definitions else schema


def _lean(schema: Any, left_out: frozenset[str]) -> Any:
    """The schema without what is left out, and `["string", "null"]` for a choice of plain types."""
    if isinstance(schema, list):
        return [_lean(part, left_out) for part in schema]
    if not isinstance(schema, dict):
        return schema
    lean = {
        name: {member: _lean(part, left_out) for member, part in value.items()}
        if name in ("properties", "$defs")  # their keys are names
        else _lean(value, left_out)
        for name, value in schema.items()
        if name not in left_out
    }
    return _joined(lean)


def _inline(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema without references, which some model APIs do not follow."""
    if isinstance(schema, list):
        return [_inline(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inline(value, definitions) for name, value in schema.items()}


def _joined(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {name: value for name, value in schema.items() if name != "type"}
    choices = schema.get("anyOf", [])
    null = {"type": "null"}
    others = [choice for choice in choices if choice != null]
    if not choices or not all("enum" in one or isinstance(one.get("type"), str) for one in others):
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    nulls = ["null"] if len(others) < len(choices) else []
    if len(others) == 1 and "enum" in others[0]:
        return {**rest, "enum": [*others[0]["enum"], *([None] if nulls else [])]}
    if len(others) == 1:
        return {**rest, **others[0], "type": [others[0]["type"], *nulls]}
    if all(one.keys() <= {"type"} for one in others):
        return {**rest, "type": [*(one["type"] for one in others), *nulls]}
    return schema
