"""The base of every input and output shape: frozen, no unknown members, camelCase outside."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from foundation.errors import Invalid

# What goes into an operation, or what comes out of it.
SchemaMode = Literal["validation", "serialization"]

UNKNOWN_MEMBER = "An argument is not known here; see the tool's or route's schema."


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

    @classmethod
    def parse(cls, data: Any) -> Self:
        """The shape in `data` (camelCase members); Invalid names the rule, never the value."""
        try:
            return cls.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            raise invalid(error) from None

    @classmethod
    def json_schema(cls, mode: SchemaMode) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the members as they are sent."""
        schema: dict[str, Any] = without_titles(cls.model_json_schema(by_alias=True, mode=mode))
        return schema

    def wire(self) -> dict[str, Any]:
        """The JSON object that is sent."""
        return self.model_dump(mode="json", by_alias=True)


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


def invalid(error: ValidationError) -> Invalid:
    """One readable sentence per broken rule; names only fields of the shape."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    extra = [p for p in problems if p["type"] == "extra_forbidden"]
    if extra:
        return Invalid(UNKNOWN_MEMBER)
    first = problems[0]
    field = next((str(part) for part in first["loc"] if isinstance(part, str)), None)
    return Invalid(f"{field or 'input'}: {first['msg']}.", field=field)
