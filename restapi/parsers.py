"""Request bodies, parsed strictly."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from foundation.schema.strict_json import MAXIMUM_BODY, parse_strict_object


class StrictJSONParser(BaseParser):
    """One JSON object of at most the route's limit; Malformed or TooLarge otherwise."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        del media_type  # the framework passes it by name
        view = (parser_context or {}).get("view")
        largest: int = getattr(view, "largest_body", MAXIMUM_BODY)
        return parse_strict_object(stream.read(largest + 1), most=largest)
