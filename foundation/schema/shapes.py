"""The base of every input and output shape: frozen, no unknown members, camelCase outside."""

from collections.abc import Iterable
from functools import cache
from types import NoneType
from typing import Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from foundation.errors import Invalid

# What goes into an operation, or what comes out of it.
SchemaMode = Literal["validation", "serialization"]
# What stays beside the choices of a member.
DESCRIBING = ("title", "description", "default")


def unknown_member(known: Iterable[str]) -> str:
    """What is said of a member that a shape does not have. The names that it has are ours."""
    return f"An argument is not known here. Known: {', '.join(known) or 'none'}."


class Shape(BaseModel):
    """The input or answer of an operation; never a model row, so that no column slips out."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_given(cls, data: Any) -> Any:
        """Clients send null for what they leave out. Where null has no meaning of its own, an
        optional member that is null has its default.
        """
        if not isinstance(data, dict) or None not in data.values():
            return data
        given = cls._optional()
        return {
            name: value for name, value in data.items() if value is not None or name not in given
        }

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema says what null is taken for."""
        schema = handler(core_schema)
        if handler.mode == "validation":
            properties = handler.resolve_ref_schema(schema).get("properties", {})
            for name in cls._optional() & properties.keys():
                properties[name] = _or_null(properties[name])
        return schema

    @classmethod
    def _optional(cls) -> frozenset[str]:
        """The optional members, as they are sent, that have no null of their own."""
        return _without_null(cls)

    @classmethod
    def parse(cls, data: Any) -> Self:
        """The shape in `data` (camelCase members); Invalid names the rule, never the value."""
        try:
            return cls.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            raise invalid(error, cls) from None

    @classmethod
    def json_schema(cls, mode: SchemaMode) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the members as they are sent."""
        schema: dict[str, Any] = without_titles(cls.model_json_schema(by_alias=True, mode=mode))
        return schema

    def wire(self) -> dict[str, Any]:
        """The JSON object that is sent."""
        return self.model_dump(mode="json", by_alias=True)


@cache
def _without_null(shape: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        name
        for field_name, field in shape.model_fields.items()
        if not field.is_required() and not _has_null(field)
        for name in (field_name, field.alias or field_name)
    )


def _has_null(field: FieldInfo) -> bool:
    """Whether null is a value of the member's type, and not refused before the type counts."""
    checked = any(isinstance(one, BeforeValidator) for one in field.metadata)
    return NoneType in get_args(field.annotation) and not checked


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a member that may also be null; what describes the member stays outside."""
    null = {"type": "null"}
    outside: dict[str, Any] = {name: schema[name] for name in DESCRIBING if name in schema}
    inside = {name: value for name, value in schema.items() if name not in outside}
    choices = inside.pop("anyOf", None)
    if choices is not None and null in choices:
        return schema
    if choices is not None and not inside:
        return {"anyOf": [*choices, null], **outside}
    return {"anyOf": [inside if choices is None else {**inside, "anyOf": choices}, null], **outside}


def without_titles(schema: Any) -> Any:
    """A JSON Schema without the titles that pydantic derives from names."""
    if isinstance(schema, list):
        return [without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {member: without_titles(part) for member, part in value.items()}
        if name in ("properties", "$defs")  # their keys are names, so "title" may be one
        else without_titles(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }


def invalid(error: ValidationError, shape: type[BaseModel] | None = None) -> Invalid:
    """One readable sentence per broken rule; names only fields of the shape."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    extra = [p for p in problems if p["type"] == "extra_forbidden"]
    if extra:
        return Invalid(_unknown(extra[0]["loc"], shape))
    first = problems[0]
    field = next((str(part) for part in first["loc"] if isinstance(part, str)), None)
    return Invalid(f"{field or 'input'}: {first['msg']}.", field=field)


def _unknown(place: tuple[int | str, ...], shape: type[BaseModel] | None) -> str:
    """The names that are known; of a member within another one, only the name of that one."""
    names = [field.alias or name for name, field in (shape.model_fields if shape else {}).items()]
    if len(place) > 1 and place[0] in names:
        return f"{place[0]}: a member is not known here; see the tool's or route's schema."
    return unknown_member(names)
